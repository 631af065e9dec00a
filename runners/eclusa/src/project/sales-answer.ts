/** What the demo asks the star schema at its end, in the SQL of the warehouse. */
export const salesAnswer = {
  question: 'Revenue by month and department, in euros, the last six months:',
  duckdb: `
WITH last_months AS (
  SELECT * FROM analytics.revenue_by_month
  WHERE month_start > (SELECT max(month_start) - INTERVAL 6 MONTH FROM analytics.revenue_by_month)
),
answer AS (
  PIVOT last_months ON department_name USING first(CAST(round(revenue) AS INTEGER)) GROUP BY month_start
)
SELECT strftime(month_start, '%Y-%m') AS month, * EXCLUDE (month_start) FROM answer ORDER BY month`,
  /** As Snowflake writes it; the columns have to be named, so they are asked for first. */
  departments: 'SELECT DISTINCT department_name FROM analytics.revenue_by_month ORDER BY 1',
  snowflake: (departments: readonly string[]): string => `
SELECT ${[`TO_CHAR(month_start, 'YYYY-MM') AS "month"`, ...departments.map(revenueOf)].join(', ')}
FROM analytics.revenue_by_month
WHERE month_start > (SELECT DATEADD(month, -6, MAX(month_start)) FROM analytics.revenue_by_month)
GROUP BY month_start ORDER BY month_start`,
}

function revenueOf(department: string): string {
  const [value, name] = [department.replaceAll("'", "''"), department.replaceAll('"', '""')]
  return `MAX(CASE WHEN department_name = '${value}' THEN ROUND(revenue)::INTEGER END) AS "${name}"`
}
