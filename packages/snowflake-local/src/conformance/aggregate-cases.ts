import type { ConformanceFamily } from './conformance-case.ts'

const xyz = '(SELECT * FROM VALUES (1, 2, 1), (1, 2, 3), (2, 1, 10), (2, 2, 1), (2, 2, 3) AS t (x, y, z))'
const pairs = '(SELECT * FROM VALUES (1, 10), (1, 11), (2, 20), (2, 21) AS t (k, v))'
const staff =
  '(SELECT * FROM VALUES (1001, 10, 10000), (1020, 10, 9000), (1030, 10, 8000), (900, 20, 15000), (2000, 20, NULL), (2010, 20, 15000), (2020, 20, 8000) AS t (id, dept, salary))'
const scatter = '(SELECT * FROM VALUES (1, 2), (1, 2), (4, 5), (2, 3), (3, NULL), (4, NULL), (6, 4) AS t (a, b))'
const of = (...values: readonly string[]): string =>
  `(SELECT * FROM VALUES ${values.map((value) => `(${value})`).join(', ')} AS t (a))`

export const aggregateCases: ConformanceFamily = {
  title: 'Aggregates and windows',
  cases: [
    ['approx_count_distinct', `SELECT APPROX_COUNT_DISTINCT(a) FROM ${of('1', '3', '5')}`, [['3']]],
    ['avg', `SELECT AVG(a) FROM ${of('1', '2', '2')}`, [['1.666667']]],
    ['mean', `SELECT AVG(a) FROM ${of('1', '3', '10', '1', '3')}`, [['3.600000']]],
    ['median', `SELECT MEDIAN(a) FROM ${of('1', '3', '10', '1', '3')}`, [['3.000']]],
    ['max', `SELECT MAX(a) FROM ${of('1', '3', '10', '1', '3')}`, [['10']]],
    ['min', `SELECT MIN(a) FROM ${of('1', '3', '10', '1', '3')}`, [['1']]],
    ['mode', `SELECT MODE(a) FROM ${of('1', '3', '10', '1', '4')}`, [['1']]],
    ['corr', `SELECT CORR(a, b)::NUMBER(20, 12) FROM ${scatter}`, [['0.813681508329']]],
    ['covar_pop', `SELECT COVAR_POP(a, b)::NUMBER(38, 3) FROM ${scatter}`, [['1.840']]],
    ['covar_samp', `SELECT COVAR_SAMP(a, b)::NUMBER(38, 3) FROM ${scatter}`, [['2.300']]],
    ['count', `SELECT COUNT(a), COUNT(*) FROM ${of('1', 'NULL', '3', '4', 'NULL')}`, [['3', '5']]],
    [
      'count_distinct',
      'SELECT COUNT(DISTINCT a, b) FROM VALUES (1, 2), (1, 2), (3, NULL), (2, 3), (3, NULL), (4, NULL) AS t (a, b)',
      [['2']],
    ],
    ['sum', `SELECT SUM(a) FROM ${of('4', '9')}`, [['13']]],
    ['sum_distinct', `SELECT SUM(DISTINCT a) FROM ${of('1', '2', 'NULL', '3')}`, [['6']]],
    ['stddev', `SELECT STDDEV(a)::NUMBER(38, 4) FROM ${of('4', '9')}`, [['3.5355']]],
    ['stddev_samp', `SELECT STDDEV_SAMP(a)::NUMBER(38, 4) FROM ${of('4', '9')}`, [['3.5355']]],
    ['stddev_pop', `SELECT STDDEV_POP(a) FROM ${of('4', '9')}`, [['2.5']]],
    ['variance', `SELECT VARIANCE(a)::NUMBER(38, 6) FROM ${of('1', '-1', '1', '-1', '-1')}`, [['1.200000']]],
    [
      'variance',
      `SELECT VARIANCE(a)::NUMBER(38, 6) FROM ${of('1', 'NULL', '2', '3', 'NULL', '5', '6')}`,
      [['4.300000']],
    ],
    ['variance', `SELECT VARIANCE(a) FROM ${of('42')}`, [[null]]],
    ['var_pop', `SELECT VAR_POP(a)::NUMBER(38, 6) FROM ${of('1', '-1', '1', '-1', '-1')}`, [['0.960000']]],
    ['var_pop', `SELECT VAR_POP(a)::NUMBER(38, 6) FROM ${of('1', 'NULL', '2', '3', 'NULL', '5', '6')}`, [['3.440000']]],
    ['var_pop', `SELECT VAR_POP(a)::NUMBER(38, 6) FROM ${of('42')}`, [['0.000000']]],
    ['kurtosis', `SELECT KURTOSIS(a)::NUMBER(38, 6) FROM ${of('1', '3', '10', '1', '3')}`, [['3.613737']]],
    ['skew', `SELECT SKEW(a)::NUMBER(38, 4) FROM ${of('10', '10', '20', '25', '30')}`, [['0.0524']]],
    ['bitand_agg', `SELECT BITAND_AGG(a) FROM ${of('15', '26', '12', '14', '8')}`, [['8']]],
    ['bitor_agg', `SELECT BITOR_AGG(a) FROM ${of('15', '26', '12', '14', '8')}`, [['31']]],
    ['bitxor_agg', `SELECT BITXOR_AGG(a) FROM ${of('15', '26', '12')}`, [['25']]],
    ['booland_agg', `SELECT BOOLAND_AGG(a) FROM ${of('TRUE', 'FALSE', 'TRUE')}`, [['false']]],
    ['booland_agg', `SELECT BOOLAND_AGG(a) FROM ${of('1', '2', '3')}`, [['true']]],
    ['booland_agg', `SELECT BOOLAND_AGG(a) FROM ${of('1', '0', '2')}`, [['false']]],
    ['boolor_agg', `SELECT BOOLOR_AGG(a) FROM ${of('TRUE', 'FALSE', 'TRUE', 'FALSE')}`, [['true']]],
    ['boolxor_agg', `SELECT BOOLXOR_AGG(a) FROM ${of('TRUE', 'FALSE', 'FALSE', 'FALSE')}`, [['true']]],
    ['boolxor_agg', `SELECT BOOLXOR_AGG(a) FROM ${of('TRUE', 'TRUE', 'FALSE', 'FALSE')}`, [['false']]],
    ['boolxor_agg', `SELECT BOOLXOR_AGG(a) FROM ${of('FALSE', 'FALSE')}`, [['false']]],
    [
      'listagg',
      `SELECT LISTAGG(a, ',') WITHIN GROUP (ORDER BY a) FROM ${of('1', '2', '3', '2', '4', '5')}`,
      [['1,2,2,3,4,5']],
    ],
    [
      'array_agg',
      `SELECT ARRAY_AGG(DISTINCT a) WITHIN GROUP (ORDER BY a) FROM ${of('1', '2', '3', '1')}`,
      [['[1,2,3]']],
    ],
    ['array_unique_agg', `SELECT ARRAY_SORT(ARRAY_UNIQUE_AGG(a)) FROM ${of('5', '2', '1', '2', '1')}`, [['[1,2,5]']]],
    [
      'object_agg',
      "SELECT OBJECT_AGG(k, v::VARIANT) FROM VALUES ('name', 'Joe'), ('zip', '98004') AS t (k, v)",
      [['{"name":"Joe","zip":"98004"}']],
    ],
    ['max_by', `SELECT MAX_BY(id, salary) FROM ${staff} WHERE dept = 10`, [['1001']]],
    ['min_by', `SELECT MIN_BY(id, salary) FROM ${staff} WHERE dept = 10`, [['1030']]],
    ['min_by', `SELECT ARRAY_SIZE(MIN_BY(id, salary, 3)) FROM ${staff}`, [['3']]],
    [
      'percentile_cont',
      'SELECT k, PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY v) FROM VALUES (0, 0), (0, 10), (0, 20), (0, 30), (0, 40), (1, 10), (1, 20), (2, 10), (2, 20), (2, 25), (2, 30), (3, 60), (4, NULL) AS t (k, v) GROUP BY k ORDER BY k',
      [
        ['0', '10.000'],
        ['1', '12.500'],
        ['2', '17.500'],
        ['3', '60.000'],
        ['4', null],
      ],
    ],
    [
      'grouping',
      'SELECT a, b, COUNT(c), GROUPING(a), GROUPING(b), GROUPING(a, b) FROM VALUES (1, 2, 3), (4, 5, 6) AS t (a, b, c) GROUP BY GROUPING SETS ((a), (b), (a, b)) ORDER BY a NULLS FIRST, b NULLS FIRST',
      [
        [null, '2', '1', '1', '0', '2'],
        [null, '5', '1', '1', '0', '2'],
        ['1', null, '1', '0', '1', '1'],
        ['1', '2', '1', '0', '0', '0'],
        ['4', null, '1', '0', '1', '1'],
        ['4', '5', '1', '0', '0', '0'],
      ],
    ],
    [
      'rank',
      `SELECT RANK() OVER (PARTITION BY x ORDER BY y) AS r FROM ${xyz} ORDER BY r`,
      [['1'], ['1'], ['1'], ['2'], ['2']],
    ],
    [
      'row_number',
      `SELECT x, ROW_NUMBER() OVER (PARTITION BY x ORDER BY y) AS r FROM ${xyz} ORDER BY x, r`,
      [
        ['1', '1'],
        ['1', '2'],
        ['2', '1'],
        ['2', '2'],
        ['2', '3'],
      ],
    ],
    [
      'dense_rank',
      'SELECT DENSE_RANK() OVER (ORDER BY k) AS r FROM VALUES (1), (2), (1), (2) AS t (k) ORDER BY r',
      [['1'], ['1'], ['2'], ['2']],
    ],
    [
      'percent_rank',
      `SELECT PERCENT_RANK() OVER (PARTITION BY x ORDER BY y, z) AS r FROM ${xyz} ORDER BY r`,
      [['0'], ['0'], ['0.5'], ['1'], ['1']],
    ],
    [
      'cume_dist',
      'SELECT CUME_DIST() OVER (ORDER BY a)::NUMBER(38, 3) AS r FROM VALUES (1), (1), (1), (4), (2), (3), (4), (3), (4) AS t (a) ORDER BY r',
      [['0.333'], ['0.333'], ['0.333'], ['0.444'], ['0.667'], ['0.667'], ['1.000'], ['1.000'], ['1.000']],
    ],
    [
      'lag',
      `SELECT LAG(z) OVER (PARTITION BY x ORDER BY y, z) AS r FROM ${xyz} ORDER BY r NULLS FIRST`,
      [[null], [null], ['1'], ['1'], ['10']],
    ],
    [
      'lead',
      `SELECT LEAD(z) OVER (PARTITION BY x ORDER BY y, z) AS r FROM ${xyz} ORDER BY r NULLS FIRST`,
      [[null], [null], ['1'], ['3'], ['3']],
    ],
    [
      'last_value',
      `SELECT k, v, LAST_VALUE(v) OVER (PARTITION BY k ORDER BY v) FROM ${pairs} ORDER BY k, v`,
      [
        ['1', '10', '11'],
        ['1', '11', '11'],
        ['2', '20', '21'],
        ['2', '21', '21'],
      ],
    ],
    [
      'first_value',
      `SELECT k, v, FIRST_VALUE(v) OVER (PARTITION BY k ORDER BY v) FROM ${pairs} ORDER BY k, v`,
      [
        ['1', '10', '10'],
        ['1', '11', '10'],
        ['2', '20', '20'],
        ['2', '21', '20'],
      ],
    ],
    [
      'nth_value',
      `SELECT k, v, NTH_VALUE(v, 2) OVER (PARTITION BY k ORDER BY v) FROM ${pairs} ORDER BY k, v`,
      [
        ['1', '10', '11'],
        ['1', '11', '11'],
        ['2', '20', '21'],
        ['2', '21', '21'],
      ],
    ],
    [
      'ntile',
      "SELECT e, s, NTILE(3) OVER (PARTITION BY e ORDER BY n) FROM VALUES ('C', 'SPY', 3), ('C', 'AAPL', 10), ('N', 'SPY', 5), ('N', 'AAPL', 7), ('Q', 'MSFT', 3) AS t (e, s, n) ORDER BY e, s",
      [
        ['C', 'AAPL', '2'],
        ['C', 'SPY', '1'],
        ['N', 'AAPL', '2'],
        ['N', 'SPY', '1'],
        ['Q', 'MSFT', '1'],
      ],
    ],
  ],
}
