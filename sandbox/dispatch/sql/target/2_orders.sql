-- The orders platform: orders, products, templates and roles that the earlier phases loaded.

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
