{{ archived_rows('repo_throughput', 'D11-3') }}
