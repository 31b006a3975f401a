<?php
// Reads payloads from stdin, each after its length (4 bytes, big endian), and answers each with one line of JSON:
// {"accepted": bool, "messages": [...], "value": tagged value or null}. Strings travel as base64.

// An array that holds a reference to itself has no end; such payloads are compared by verdict only.
$budget = 0;

function tagged(mixed $value, int $depth = 0): array {
    global $budget;
    return match (true) {
        --$budget < 0 || $depth > 70 => ['endless'],
        is_null($value) => ['null'],
        is_bool($value) => ['bool', $value],
        is_int($value) => ['int', (string) $value],
        is_float($value) => ['float', bin2hex(pack('E', $value))],
        is_string($value) => ['bytes', base64_encode($value)],
        is_array($value) => ['array', array_map(
            fn ($key, $item) => [tagged($key), tagged($item, $depth + 1)], array_keys($value), array_values($value)
        )],
        default => ['object'],
    };
}

$messages = [];
set_error_handler(function (int $level, string $message) use (&$messages): bool {
    $messages[] = $message;
    return true;
});

while (($header = fread(STDIN, 4)) !== false && strlen($header) === 4) {
    $length = unpack('N', $header)[1];
    $payload = $length ? stream_get_contents(STDIN, $length) : '';
    $messages = [];
    try {
        $value = unserialize($payload, ['allowed_classes' => false]);
        $accepted = $value !== false || str_starts_with($payload, 'b:0;');
    } catch (Throwable $error) {
        [$value, $accepted, $messages] = [null, false, [$error->getMessage()]];
    }
    $budget = 1000;
    fwrite(STDOUT, json_encode([
        'accepted' => $accepted,
        'messages' => $messages,
        'value' => $accepted ? tagged($value) : null,
    ], JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE, 4096) . "\n");
}
