-- Cuts the sample log from Online Retail II (see README.md). Run it in the repository root:
--   python -c "import duckdb, pathlib; duckdb.sql(pathlib.Path('notebooks/data/cut_sample.sql').read_text())"
-- Input: ../shared/data/online_retail_ii/online_retail_ii.parquet, one row an invoice line,
-- both sheets of the published workbook one after the other.

set threads = 1;

create temp table lines as
select
    order_id as "Invoice",
    product_id as "StockCode",
    quantity::integer as "Quantity",
    timestamp as "InvoiceDate",
    customer_id as "Customer ID",
    country as "Country",
    amount as "Amount",
    'GBP' as "Currency"
from '../shared/data/online_retail_ii/online_retail_ii.parquet'
where not is_sheet_overlap;

-- Every line that is left, dirt and all. The order of the lines carries no meaning in the
-- source; this one makes the file small.
copy (
    from lines
    order by "InvoiceDate", "Invoice", "Quantity", "Amount", "StockCode", "Customer ID"
) to 'notebooks/data/sales.parquet'
(format parquet, compression zstd, compression_level 22, row_group_size 250000);

create temp table not_products as
from (
    values ('POST'), ('DOT'), ('M'), ('m'), ('C2'), ('C3'), ('D'), ('S'), ('B'),
    ('BANK CHARGES'), ('ADJUST'), ('ADJUST2'), ('AMAZONFEE'), ('CRUK'),
    ('TEST001'), ('TEST002')
) as codes ("StockCode");

-- One row a cancelled invoice that takes back goods from a known customer. It is a
-- cancellation where each product in it was invoiced to the same customer earlier on the
-- same day, and else a return.
copy (
    with
    taken_back as (
        select
            "Invoice",
            "Customer ID",
            "StockCode",
            max("InvoiceDate") as "InvoiceDate",
            sum("Amount") as "Amount"
        from lines
        where "Invoice" like 'C%' and "Customer ID" is not null
            and "StockCode" not in (from not_products)
        group by all
    ),
    sold as (
        select distinct "Customer ID", "StockCode", "InvoiceDate"
        from lines
        where "Invoice" not like 'C%' and "Customer ID" is not null
    ),
    matched as (
        select
            *,
            exists (
                from sold
                where sold."Customer ID" = taken_back."Customer ID"
                    and sold."StockCode" = taken_back."StockCode"
                    and sold."InvoiceDate" <= taken_back."InvoiceDate"
                    and sold."InvoiceDate" >= date_trunc('day', taken_back."InvoiceDate")
            ) as is_same_day
        from taken_back
    )
    select
        "Customer ID",
        max("InvoiceDate") as "InvoiceDate",
        if(bool_and(is_same_day), 'cancellation', 'return') as type,
        'inbound' as direction,
        round(sum("Amount"), 2) as value
    from matched
    group by "Invoice", "Customer ID"
    order by "InvoiceDate", "Customer ID", value
) to 'notebooks/data/returns.parquet'
(format parquet, compression zstd, compression_level 22);
