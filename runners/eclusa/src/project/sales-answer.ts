/** What the demo asks the star schema at its end, in DuckDB's SQL. */
export const salesAnswer = {
  question: 'Revenue by month and department, in euros, the last six months:',
  sql: `
WITH last_months AS (
  SELECT * FROM analytics.revenue_by_month
  WHERE month_start > (SELECT max(month_start) - INTERVAL 6 MONTH FROM analytics.revenue_by_month)
),
answer AS (
  PIVOT last_months ON department_name USING first(CAST(round(revenue) AS INTEGER)) GROUP BY month_start
)
SELECT strftime(month_start, '%Y-%m') AS month, * EXCLUDE (month_start) FROM answer ORDER BY month`,
}
