-- The orders platform's tables that the dispatch migration reads (parents) or writes (phase 7).

create type profile_type as enum ('patient', 'doctor', 'technician', 'master', 'sales_person', 'agent', 'client');
create type gender as enum ('male', 'female', 'other', 'unknown');
create type patient_status as enum (
    'active', 'consultation', 'treatment_plan', 'in_treatment', 'retention', 'completed', 'on_hold', 'cancelled',
    'transferred', 'archived', 'prospect'
);
create type order_status as enum (
    'no_product', 'submitted', 'approved', 'in_production', 'shipped', 'add_plan', 'on_hold', 'cancelled'
);
create type course_type as enum ('main', 'refinement', 'any', 'replacement', 'invoice', 'merchandise');
create type communication_type as enum ('production_note', 'team_announcement', 'status_update', 'quality_check');

-- Parents, loaded by earlier phases.

create table profiles (
    id uuid primary key default gen_random_uuid(),
    profile_type profile_type not null,
    first_name varchar(150) not null,
    last_name varchar(150) not null,
    email varchar(254),
    phone varchar(30),
    date_of_birth date,
    gender gender not null default 'unknown',
    username varchar(150),
    password_hash varchar(255),
    is_active boolean not null default true,
    is_verified boolean not null default false,
    archived boolean not null default false,
    suspended boolean not null default false,
    patient_suffix varchar(10),
    insurance_info jsonb,
    medical_history jsonb,
    metadata jsonb,
    last_login_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    legacy_user_id integer unique,
    legacy_patient_id integer unique,
    check (profile_type <> 'patient' or patient_suffix is not null)
);

create table offices (
    id uuid primary key default gen_random_uuid(),
    name varchar(200) not null,
    address varchar(200),
    apartment varchar(50),
    city varchar(100),
    state varchar(50),
    zip_code varchar(20),
    country varchar(50),
    phone varchar(30),
    tax_rate numeric(6, 4),
    square_customer_id varchar(64),
    is_active boolean not null default true,
    email_notifications boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    metadata jsonb,
    legacy_office_id integer unique
);

create table doctors (
    id uuid primary key default gen_random_uuid(),
    profile_id uuid not null unique references profiles,
    doctor_number varchar(30) not null unique,
    status varchar(20) not null default 'active',
    is_accepting_patients boolean not null default true,
    joined_practice_at timestamptz,
    updated_at timestamptz not null default now(),
    legacy_user_id integer unique,
    metadata jsonb
);

create table patients (
    id uuid primary key default gen_random_uuid(),
    profile_id uuid not null unique references profiles,
    patient_number varchar(30) not null unique,
    suffix varchar(10),
    sex gender not null default 'unknown',
    date_of_birth date,
    primary_doctor_id uuid references doctors,
    assigned_office_id uuid references offices,
    status patient_status not null,
    archived boolean not null default false,
    suspended boolean not null default false,
    schemes jsonb,
    enrolled_at timestamptz,
    updated_at timestamptz not null default now(),
    legacy_patient_id integer unique,
    legacy_user_id integer unique,
    metadata jsonb
);

create table orders (
    id uuid primary key default gen_random_uuid(),
    order_number varchar(50) not null unique,
    patient_id uuid not null references patients,
    doctor_id uuid not null references doctors,
    office_id uuid references offices,
    course_type course_type not null,
    status order_status not null,
    notes text,
    complaint text,
    amount numeric(10, 2),
    submitted_at timestamptz,
    approved_at timestamptz,
    shipped_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted boolean not null default false,
    deleted_at timestamptz,
    metadata jsonb,
    exports jsonb,
    legacy_instruction_id integer unique
);

create function order_needs_a_doctor() returns trigger language plpgsql as $$
begin
    if not exists (
        select from doctors
        inner join profiles on profiles.id = doctors.profile_id
        where doctors.id = new.doctor_id and profiles.profile_type = 'doctor'
    ) then
        raise exception 'the doctor of an order must have a profile of type doctor';
    end if;
    return new;
end
$$;

create trigger order_needs_a_doctor before insert or update of doctor_id on orders
for each row execute function order_needs_a_doctor();

create table products (
    id uuid primary key default gen_random_uuid(),
    name varchar(100) not null,
    course_type course_type not null,
    base_price numeric(10, 2),
    customization jsonb,
    is_active boolean not null default true,
    metadata jsonb,
    -- Holds dispatch_product.id, whatever its name says.
    legacy_course_id integer unique,
    legacy_product_id integer unique
);

create table templates (
    id uuid primary key default gen_random_uuid(),
    name varchar(200) not null,
    action_name varchar(200),
    category_id uuid,
    is_active boolean not null default true,
    estimated_duration_minutes integer,
    metadata jsonb,
    legacy_template_id integer unique
);

create table roles (
    id uuid primary key default gen_random_uuid(),
    name varchar(100) not null,
    description text,
    is_active boolean not null default true,
    metadata jsonb,
    legacy_id integer unique
);

-- Phase 7.

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
