-- One row for each table: how many rows it has, and a sum over them that does not depend on their order. The same scale,
-- seed and changes give the same sums on every PostgreSQL version.
select table_name, row_count, checksum from sales_gen.checksum();
