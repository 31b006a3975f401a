-- What people do in two months: rows that are new, and rows that change though nothing in them says when.
-- The numbers are those of the documents for 2025-10-18, where they have any.

insert into dispatch_instruction
select
    (select max(id) from dispatch_instruction) + row_number() over (order by id),
    patient_id, course_id, status, deleted, submitted_at, timestamptz '2025-09-01 10:00:00Z', suffix, notes, complaint,
    price, exports, model, scanner, scanner_notes, cbct, conditions, objective, accept_extraction, comprehensive,
    "order", upper_jaw_id, lower_jaw_id
from dispatch_instruction
where status = 4 and not deleted and patient_id is not null
order by id
limit 10;

-- Two of the payments are for the newest instructions, which became no order yet.
insert into dispatch_payment
select
    (select max(id) from dispatch_payment) + row_number() over (order by id),
    timestamptz '2025-08-17 09:00:00Z' + row_number() over (order by id) * interval '81 minutes',
    case
        when row_number() over (order by id) <= 2
            then (select max(id) from dispatch_instruction) - row_number() over (order by id)
        else instruction_id
    end,
    order_id, doctor_id, office_id, total_price, subtotal_price, paid_price, tax_rate, tax_value, used_credit,
    additional_price, custom_price, paid, canceled, free, netsuite, installments
from dispatch_payment
where id % 14 = 0 and instruction_id is not null
order by id
limit 1119;

insert into dispatch_operation
select
    (select max(id) from dispatch_operation) + row_number() over (order by id),
    1, made_at, total_price, 'ORDER' || id, 'PAYMENT' || id, null, 'VISA', '411111', '1111', false, id, 1
from dispatch_payment
where paid and not canceled and total_price > 0 and used_credit = 0
    and made_at >= '2025-08-17' and not exists (select from dispatch_operation where payment_id = dispatch_payment.id)
order by id
limit 198;

insert into dispatch_template_products
select (select max(id) from dispatch_template_products) + row_number() over (order by template.id, product.id), template.id, product.id
from dispatch_template as template
cross join dispatch_product as product
where not product.deleted and template.id % 3 = 0 and product.id % 4 = 1
    and not exists (
        select from dispatch_template_products as junction
        where junction.template_id = template.id and junction.product_id = product.id
    )
order by template.id, product.id
limit 17;

insert into dispatch_template_view_groups
select (select max(id) from dispatch_template_view_groups) + row_number() over (order by template.id), template.id, 3
from dispatch_template as template
where not exists (
    select from dispatch_template_view_groups as junction where junction.template_id = template.id and junction.group_id = 3
)
order by template.id
limit 16;

insert into dispatch_note
select
    (select max(id) from dispatch_note) + row_number() over (order by id),
    timestamptz '2025-08-20 12:00:00Z' + row_number() over (order by id) * interval '1 day',
    'A newer note.', author_id, doctor_id
from dispatch_note
where id % 40 = 0
order by id;

-- Pending payments are paid, and paid ones are canceled.
update dispatch_payment set paid = true, paid_price = total_price
where id in (
    select id from dispatch_payment where not paid and not canceled and not free and total_price > 0 order by id limit 20
);

update dispatch_payment set canceled = true
where id in (
    select id from dispatch_payment where paid and not canceled and total_price > 0 and id % 50 = 3 order by id limit 12
);

-- Somebody edits shipped instructions, which moves the only time of shipping there is.
update dispatch_instruction set updated_at = timestamptz '2025-09-15 08:30:00Z'
where id in (
    select id from dispatch_instruction
    where status = 4 and not deleted and patient_id is not null and updated_at < '2025-08-16' and id % 100 = 50
    order by id
    limit 5
);

update dispatch_note set text = text || ' Edited.'
where id in (select id from dispatch_note where id % 300 = 7 order by id);

-- The first technician who is still active leaves.
update auth_user set is_active = false
where id = (
    select auth_user.id
    from auth_user
    inner join dispatch_usersetting on dispatch_usersetting.user_id = auth_user.id
    inner join dispatch_role on dispatch_role.id = dispatch_usersetting.role_id
    where dispatch_role.name like '%Technician%' and auth_user.is_active
    order by auth_user.id
    limit 1
);
