-- The dispatch system's tables as Django makes them: integer keys, timestamptz, no database defaults.
-- Foreign keys and indexes are in source_keys.sql, added once the tables are filled.

create table auth_user (
    id integer primary key,
    password varchar(128) not null,
    last_login timestamptz,
    is_superuser boolean not null,
    username varchar(150) not null unique,
    first_name varchar(150) not null,
    last_name varchar(150) not null,
    email varchar(254) not null,
    is_staff boolean not null,
    is_active boolean not null,
    date_joined timestamptz not null
);

create table auth_group (
    id integer primary key,
    name varchar(150) not null unique
);

create table auth_user_groups (
    id integer primary key,
    user_id integer not null,
    group_id integer not null,
    unique (user_id, group_id)
);

create table django_content_type (
    id integer primary key,
    app_label varchar(100) not null,
    model varchar(100) not null,
    unique (app_label, model)
);

create table dispatch_globalsetting (
    id integer primary key,
    name varchar(100) not null unique,
    value text not null
);

create table dispatch_office (
    id integer primary key,
    name varchar(200) not null,
    address varchar(200) not null,
    apt varchar(50) not null,
    city varchar(100) not null,
    state varchar(50) not null,
    zip varchar(20) not null,
    country varchar(50) not null,
    phone varchar(30) not null,
    tax_rate numeric(6, 4) not null,
    valid boolean not null,
    sq_customer_id varchar(64) not null,
    emails boolean not null
);

create table dispatch_office_doctors (
    id integer primary key,
    office_id integer not null,
    user_id integer not null,
    unique (office_id, user_id)
);

create table dispatch_role (
    id integer primary key,
    name varchar(100) not null,
    abbrev varchar(20) not null,
    type integer not null,
    "order" integer not null,
    user_id integer,
    group_id integer not null
);

create table dispatch_usersetting (
    id integer primary key,
    user_id integer not null unique,
    role_id integer
);

create table dispatch_doctorsetting (
    id integer primary key,
    user_id integer not null unique,
    clinical_preferences text not null,
    sq_customer_id varchar(64) not null,
    promised_payment boolean not null,
    credit numeric(10, 2) not null,
    tier_finish varchar(20) not null,
    tier_type varchar(20) not null,
    installment_payments integer not null,
    baa_agreed_at timestamptz,
    eula_agreed_at timestamptz,
    company_account boolean not null
);

create table dispatch_patient (
    id integer primary key,
    user_id integer not null unique,
    doctor_id integer not null,
    office_id integer,
    birthdate date,
    sex integer,
    suffix varchar(10) not null,
    archived boolean not null,
    suspended boolean not null,
    status integer not null,
    schemes text not null,
    submitted_at timestamptz,
    updated_at timestamptz
);

create table dispatch_course (
    id integer primary key,
    name varchar(100) not null,
    type integer not null,
    customization text not null
);

create table dispatch_product (
    id integer primary key,
    name varchar(100) not null,
    description text,
    free boolean not null,
    deleted boolean not null,
    customization text not null,
    type integer,
    substitute boolean not null,
    course_id integer not null
);

create table dispatch_category (
    id integer primary key,
    name varchar(100) not null,
    parent_id integer
);

create table dispatch_template (
    id integer primary key,
    task_name varchar(200) not null,
    action_name varchar(200) not null,
    text_name varchar(200) not null,
    function varchar(100) not null,
    status integer not null,
    duration integer not null,
    category_id integer,
    predefined boolean not null,
    read_only boolean not null,
    extensions text not null,
    alerts text not null,
    separate text not null
);

create table dispatch_template_products (
    id integer primary key,
    template_id integer not null,
    product_id integer not null,
    unique (template_id, product_id)
);

create table dispatch_template_view_groups (
    id integer primary key,
    template_id integer not null,
    group_id integer not null,
    unique (template_id, group_id)
);

create table dispatch_template_view_roles (
    id integer primary key,
    template_id integer not null,
    role_id integer not null,
    unique (template_id, role_id)
);

create table dispatch_template_edit_roles (
    id integer primary key,
    template_id integer not null,
    role_id integer not null,
    unique (template_id, role_id)
);

create table dispatch_template_predecessors (
    id integer primary key,
    from_template_id integer not null,
    to_template_id integer not null,
    unique (from_template_id, to_template_id)
);

create table dispatch_instruction (
    id integer primary key,
    patient_id integer,
    course_id integer not null,
    status integer not null,
    deleted boolean not null,
    submitted_at timestamptz,
    updated_at timestamptz,
    suffix varchar(20) not null,
    notes text,
    complaint text not null,
    price numeric(10, 2) not null,
    exports text not null,
    model integer,
    scanner integer,
    scanner_notes text not null,
    cbct boolean not null,
    conditions text not null,
    objective text not null,
    accept_extraction boolean,
    comprehensive boolean,
    "order" integer not null,
    upper_jaw_id integer,
    lower_jaw_id integer
);

create table dispatch_order (
    id integer primary key,
    doctor_id integer,
    office_id integer
);

create table dispatch_payment (
    id integer primary key,
    made_at timestamptz,
    instruction_id integer,
    order_id integer,
    doctor_id integer,
    office_id integer,
    total_price numeric(10, 2) not null,
    subtotal_price numeric(10, 2) not null,
    paid_price numeric(10, 2) not null,
    tax_rate numeric(6, 4) not null,
    tax_value numeric(10, 2) not null,
    used_credit numeric(10, 2) not null,
    additional_price numeric(10, 2) not null,
    custom_price numeric(10, 2),
    paid boolean not null,
    canceled boolean not null,
    free boolean not null,
    netsuite boolean not null,
    installments text not null
);

create table dispatch_operation (
    id integer primary key,
    type smallint,
    made_at timestamptz,
    price numeric(10, 2),
    sq_order_id varchar(64),
    sq_payment_id varchar(64),
    sq_refund_id varchar(64),
    card_brand varchar(30),
    card_bin varchar(8),
    card_last varchar(4),
    office_card boolean,
    payment_id integer not null,
    attempts integer
);

create table dispatch_note (
    id integer primary key,
    created_at timestamptz not null,
    text text not null,
    author_id integer,
    doctor_id integer not null
);

create table dispatch_notification (
    id integer primary key,
    created_at timestamptz not null,
    sender varchar(100) not null,
    template_name varchar(100) not null,
    template_context text,
    read boolean not null,
    item_id integer,
    item_type_id integer,
    recipient_id integer not null,
    sent boolean,
    send boolean not null
);
