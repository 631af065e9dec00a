/** What the demo asks the star schema at its end. */
export const salesAnswer = {
  question: 'Revenue by month and category, the last six months',
  sql: `SELECT 1`,
}
