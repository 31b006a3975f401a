-- The orders platform: types, and the people that the earlier phases loaded.

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
