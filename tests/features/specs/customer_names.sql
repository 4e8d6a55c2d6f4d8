{% set wanted = ['customer_key', 'customer_name'] %}
SELECT {{ wanted | join(', ') }}
FROM {{ ref('dim_customer') }}
