/** The version of dbt whose behaviour and artifacts are ours. */
export const dbtVersion = '1.10.23'
