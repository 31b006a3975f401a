-- The orders platform, phase 7: what the dispatch migration writes.

create table technicians (
    id uuid primary key default gen_random_uuid(),
    profile_id uuid not null unique references profiles,
    user_id uuid,
    first_name varchar(150) not null,
    last_name varchar(150) not null,
    email varchar(254),
    phone varchar(30),
    specialty text,
    is_active boolean not null default true,
    hire_date date,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    metadata jsonb,
    employee_id varchar(50) unique,
    legacy_user_id integer unique
);

create table shipments (
    id uuid primary key default gen_random_uuid(),
    order_id uuid not null unique references orders,
    tracking_number varchar(50) not null unique,
    carrier varchar(50),
    shipped_at timestamptz,
    estimated_delivery_at timestamptz,
    delivered_at timestamptz,
    shipping_address jsonb,
    metadata jsonb,
    created_at timestamptz not null default now()
);

create table teams (
    id uuid primary key default gen_random_uuid(),
    name varchar(200) not null unique,
    description text,
    team_type varchar(50) not null default 'operational',
    department varchar(50),
    is_active boolean not null default true,
    legacy_group_id integer unique,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

create table team_communications (
    id uuid primary key default gen_random_uuid(),
    team_id uuid references teams,
    communication_type communication_type not null,
    subject varchar(200),
    body text not null,
    author_id uuid references profiles,
    department varchar(50),
    order_id uuid references orders,
    project_id uuid,
    task_id uuid,
    triggers_workflow boolean not null default false,
    approval_required boolean not null default false,
    is_broadcast boolean not null default false,
    workflow_action varchar(100),
    approved_by uuid references profiles,
    approved_at timestamptz,
    visibility varchar(20) not null default 'team' check (visibility in ('team', 'organization')),
    created_at timestamptz not null default now(),
    source_table varchar(63),
    legacy_record_id integer,
    unique (source_table, legacy_record_id)
);

create table notifications (
    id uuid primary key default gen_random_uuid(),
    recipient_id uuid not null references profiles,
    order_id uuid references orders,
    sender varchar(100) not null,
    template_name varchar(100) not null,
    template_context jsonb,
    is_read boolean not null,
    should_send boolean not null,
    is_sent boolean,
    legacy_item_type varchar(100),
    legacy_item_id integer,
    created_at timestamptz not null,
    source_table varchar(63) not null default 'dispatch_notification',
    legacy_id integer not null,
    unique (legacy_id, source_table)
);
