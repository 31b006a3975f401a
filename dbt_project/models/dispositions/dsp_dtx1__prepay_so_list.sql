{{ archived_rows('prepay_so_list', 'D11-9') }}
