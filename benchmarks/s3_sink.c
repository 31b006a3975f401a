/* A minimal S3 server for benchmarks: keeps objects in memory, checks nothing, answers as fast as this machine can.
 * It shows a client's own limit, where a complete server would be the limit itself. PUT (create-only when asked),
 * GET, HEAD and an empty listing; path-style keys. Usage: s3_sink PORT LATENCY_MS MEGABYTES; binds to 127.0.0.1.
 * It prints a line once it listens: the memory for that many megabytes of bodies is its own by then, so that no
 * contender pays for what the first to touch it would pay. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define BUCKETS 1048576
#define HEADER_LIMIT 16384

struct object {
    struct object *next;
    char *key, *body;
    size_t size;
};

static useconds_t latency;
static struct object *table[BUCKETS];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static char *arena;
static size_t arena_size, arena_used;

static struct object **slot(const char *key) {
    unsigned long hash = 5381;
    for (const char *c = key; *c; c++) hash = hash * 33 + (unsigned char)*c;
    struct object **place = &table[hash % BUCKETS];
    while (*place && strcmp((*place)->key, key)) place = &(*place)->next;
    return place;
}

static char *take(size_t size) {
    size_t start = __atomic_fetch_add(&arena_used, size, __ATOMIC_RELAXED);
    return start + size <= arena_size ? arena + start : NULL;
}

static int send_all(int socket, struct iovec *parts, int count) {
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
    while (message.msg_iovlen) {
        ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (sent <= 0) return -1;
        while (message.msg_iovlen && (size_t)sent >= message.msg_iov->iov_len) {
            sent -= (ssize_t)message.msg_iov->iov_len;
            message.msg_iov++;
            message.msg_iovlen--;
        }
        if (message.msg_iovlen) {
            message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + sent;
            message.msg_iov->iov_len -= (size_t)sent;
        }
    }
    return 0;
}

static int answer(int socket, const char *status, size_t length, const char *body) {
    char head[512];
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 %s\r\nContent-Length: %zu\r\nETag: \"00000000000000000000000000000000\"\r\n"
                        "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n",
                        status, length);
    struct iovec parts[2] = {{head, (size_t)size}, {(char *)body, length}};
    return send_all(socket, parts, body ? 2 : 1);
}

static int put(int socket, char *key, char *body, size_t size, int create_only) {
    pthread_mutex_lock(&table_lock);
    struct object **place = slot(key);
    int refused = *place && create_only;
    if (!refused) {
        if (!*place) {
            *place = calloc(1, sizeof **place);
            (*place)->key = strdup(key);
        }
        (*place)->body = body; /* an overwritten body is never freed: a reader may still be sending it */
        (*place)->size = size;
    }
    pthread_mutex_unlock(&table_lock);
    return answer(socket, refused ? "412 Precondition Failed" : "200 OK", 0, NULL);
}

static int get(int socket, char *key, int head_only) {
    pthread_mutex_lock(&table_lock);
    struct object *found = *slot(key);
    pthread_mutex_unlock(&table_lock);
    if (!found) return answer(socket, "404 Not Found", 0, NULL);
    return answer(socket, "200 OK", found->size, head_only ? NULL : found->body);
}

static int list(int socket) {
    const char *body = "<?xml version=\"1.0\"?><ListBucketResult><Name>b</Name><Prefix></Prefix><KeyCount>0</KeyCount>"
                       "<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>";
    return answer(socket, "200 OK", strlen(body), body);
}

static void *serve(void *argument) {
    int socket = (int)(long)argument, on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    char head[HEADER_LIMIT + 1];
    size_t filled = 0;
    for (;;) {
        char *end;
        head[filled] = 0;
        while (!(end = strstr(head, "\r\n\r\n"))) {
            if (filled == HEADER_LIMIT) goto done;
            ssize_t got = read(socket, head + filled, HEADER_LIMIT - filled);
            if (got <= 0) goto done;
            filled += (size_t)got;
            head[filled] = 0;
        }
        *end = 0;
        char *length_header = strcasestr(head, "\r\ncontent-length:");
        size_t length = length_header ? strtoull(length_header + 17, NULL, 10) : 0;
        int create_only = strcasestr(head, "\r\nif-none-match:") != NULL;
        struct iovec go_on = {"HTTP/1.1 100 Continue\r\n\r\n", 25};
        if (strcasestr(head, "\r\nexpect: 100") && send_all(socket, &go_on, 1)) goto done;
        char method[8], target[4096];
        if (sscanf(head, "%7s %4095s", method, target) != 2) goto done;
        char *query = strchr(target, '?');
        if (query) *query++ = 0;

        char *body = take(length);
        if (!body) goto done;
        size_t have = filled - (size_t)(end + 4 - head);
        size_t of_body = have < length ? have : length;
        memcpy(body, end + 4, of_body);
        filled = have - of_body;
        memmove(head, end + 4 + of_body, filled);
        while (of_body < length) {
            ssize_t got = read(socket, body + of_body, length - of_body);
            if (got <= 0) goto done;
            of_body += (size_t)got;
        }
        if (latency) usleep(latency);
        int failed;
        if (!strcmp(method, "PUT"))
            failed = put(socket, target, body, length, create_only);
        else if (query && strstr(query, "list-type"))
            failed = list(socket);
        else
            failed = get(socket, target, !strcmp(method, "HEAD"));
        if (failed) goto done;
    }
done:
    close(socket);
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 4) return 2;
    arena_size = (size_t)atoi(arguments[3]) << 20;
    arena = mmap(NULL, arena_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (arena == MAP_FAILED) return 2;
    latency = (useconds_t)atoi(arguments[2]) * 1000;
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) return 2;
    puts("ready");
    fflush(stdout);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        pthread_t thread;
        if (connection >= 0 && !pthread_create(&thread, NULL, serve, (void *)(long)connection)) pthread_detach(thread);
    }
}
