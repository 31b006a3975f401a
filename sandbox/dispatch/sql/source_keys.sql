-- Foreign keys, deferrable as Django makes them, and the indexes that Django puts on foreign keys of large tables.

alter table auth_user_groups
    add foreign key (user_id) references auth_user deferrable initially deferred,
    add foreign key (group_id) references auth_group deferrable initially deferred;

alter table dispatch_office_doctors
    add foreign key (office_id) references dispatch_office deferrable initially deferred,
    add foreign key (user_id) references auth_user deferrable initially deferred;

alter table dispatch_role
    add foreign key (user_id) references auth_user deferrable initially deferred,
    add foreign key (group_id) references auth_group deferrable initially deferred;

alter table dispatch_usersetting
    add foreign key (user_id) references auth_user deferrable initially deferred,
    add foreign key (role_id) references dispatch_role deferrable initially deferred;

alter table dispatch_doctorsetting
    add foreign key (user_id) references auth_user deferrable initially deferred;

alter table dispatch_patient
    add foreign key (user_id) references auth_user deferrable initially deferred,
    add foreign key (doctor_id) references auth_user deferrable initially deferred,
    add foreign key (office_id) references dispatch_office deferrable initially deferred;

alter table dispatch_product
    add foreign key (course_id) references dispatch_course deferrable initially deferred;

alter table dispatch_category
    add foreign key (parent_id) references dispatch_category deferrable initially deferred;

alter table dispatch_template
    add foreign key (category_id) references dispatch_category deferrable initially deferred;

alter table dispatch_template_products
    add foreign key (template_id) references dispatch_template deferrable initially deferred,
    add foreign key (product_id) references dispatch_product deferrable initially deferred;

alter table dispatch_template_view_groups
    add foreign key (template_id) references dispatch_template deferrable initially deferred,
    add foreign key (group_id) references auth_group deferrable initially deferred;

alter table dispatch_template_view_roles
    add foreign key (template_id) references dispatch_template deferrable initially deferred,
    add foreign key (role_id) references dispatch_role deferrable initially deferred;

alter table dispatch_template_edit_roles
    add foreign key (template_id) references dispatch_template deferrable initially deferred,
    add foreign key (role_id) references dispatch_role deferrable initially deferred;

alter table dispatch_template_predecessors
    add foreign key (from_template_id) references dispatch_template deferrable initially deferred,
    add foreign key (to_template_id) references dispatch_template deferrable initially deferred;

alter table dispatch_instruction
    add foreign key (patient_id) references dispatch_patient deferrable initially deferred,
    add foreign key (course_id) references dispatch_course deferrable initially deferred;

alter table dispatch_order
    add foreign key (doctor_id) references auth_user deferrable initially deferred,
    add foreign key (office_id) references dispatch_office deferrable initially deferred;

alter table dispatch_payment
    add foreign key (instruction_id) references dispatch_instruction deferrable initially deferred,
    add foreign key (order_id) references dispatch_order deferrable initially deferred,
    add foreign key (doctor_id) references auth_user deferrable initially deferred,
    add foreign key (office_id) references dispatch_office deferrable initially deferred;

alter table dispatch_operation
    add foreign key (payment_id) references dispatch_payment deferrable initially deferred;

alter table dispatch_note
    add foreign key (author_id) references auth_user deferrable initially deferred,
    add foreign key (doctor_id) references auth_user deferrable initially deferred;

alter table dispatch_notification
    add foreign key (item_type_id) references django_content_type deferrable initially deferred,
    add foreign key (recipient_id) references auth_user deferrable initially deferred;

create index on dispatch_instruction (patient_id);
create index on dispatch_payment (instruction_id);
create index on dispatch_operation (payment_id);
create index on dispatch_notification (recipient_id);
