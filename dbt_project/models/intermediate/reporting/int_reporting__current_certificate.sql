with

certificates as (

    select * from {{ ref('stg_dtx2__certificate') }}

),

current_certificates as (

    select distinct on (certificates.record_id)
        certificates.record_id,
        certificates.certificate_id,
        certificates.carrier_name,
        certificates.earliest_expires_on,
        certificates.compliance_evaluated_at,
        certificates.created,
        {{ json_list_text('certificates.non_compliance_reasons') }} as non_compliance_reasons,
        case
            when certificates.compliance_status = 'waived' then 'waived'
            when certificates.certificate_status = 'rejected' then 'non_compliant'
            when
                certificates.compliance_status = 'compliant'
                and (
                    certificates.certificate_status = 'expired'
                    or certificates.earliest_expires_on < {{ report_date() }}
                )
                then 'expired'
            else certificates.compliance_status
        end as coi_status
    from certificates
    order by certificates.record_id asc, certificates.created desc, certificates.certificate_id desc

)

select * from current_certificates
