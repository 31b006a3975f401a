-- The orders platform, phase 7: what the dispatch migration writes.

create table payments (
    id uuid primary key default gen_random_uuid(),
    order_id uuid not null references orders,
    patient_id uuid references profiles,
    amount numeric(10, 2) not null,
    currency varchar(3) not null default 'USD',
    status varchar(20) not null check (status in ('pending', 'completed', 'failed', 'cancelled', 'refunded')),
    payment_method varchar(20) check (payment_method in ('card', 'check', 'insurance', 'cash', 'other')),
    external_payment_id varchar(100),
    transaction_reference varchar(100),
    processed_at timestamptz,
    legacy_payment_id integer unique,
    metadata jsonb,
    created_at timestamptz not null default now()
);
create index on payments (order_id);

create table payment_operations (
    id uuid primary key default gen_random_uuid(),
    payment_id uuid not null references payments,
    operation_type varchar(20) not null check (operation_type in ('payment', 'refund')),
    amount numeric(10, 2),
    square_order_id varchar(64),
    square_payment_id varchar(64),
    square_refund_id varchar(64),
    card_brand varchar(30),
    card_bin varchar(8),
    card_last4 varchar(4),
    office_card boolean,
    attempts integer,
    processed_at timestamptz,
    legacy_operation_id integer unique,
    metadata jsonb,
    created_at timestamptz not null default now()
);
create index on payment_operations (payment_id);

create table template_products (
    id uuid primary key default gen_random_uuid(),
    template_id uuid not null references templates,
    product_id uuid not null references products,
    quantity integer not null default 1,
    is_active boolean not null default true,
    legacy_junction_id integer unique,
    created_at timestamptz not null default now(),
    unique (template_id, product_id)
);

create table template_view_groups (
    id uuid primary key default gen_random_uuid(),
    template_id uuid not null references templates,
    group_name varchar(150) not null,
    permission_level varchar(20) not null default 'view',
    is_active boolean not null default true,
    legacy_group_id integer not null,
    legacy_junction_id integer unique,
    created_at timestamptz not null default now(),
    unique (template_id, legacy_group_id)
);
