import type { ConformanceFamily } from './conformance-case.ts'

/** A time as it is read with TIMESTAMP(9): with all digits of its fraction. */
function whole(time: string, offset = ''): string {
  return `${time}.000000000${offset}`
}

const mayText = '2020-05-01 13:11:20'
const may = `'${mayText}'::TIMESTAMP`
const nine = "'2022-04-06 09:00:00"
const eleven = whole('2022-04-01 11:11:00')
const august = "'2020-08-21 01:30:05'::TIMESTAMP"

export const timeCases: ConformanceFamily = {
  title: 'Dates and times',
  cases: [
    ['add_months', "ADD_MONTHS('2022-04-06'::DATE, 4)", '2022-08-06'],
    ['dateadd', "DATEADD('year', 1, '2020-01-01'::DATE)", '2021-01-01'],
    ['dateadd', "DATEADD('month', 1, '2020-01-01'::DATE)", '2020-02-01'],
    ['dateadd', "DATEADD('day', 1, '2020-01-01'::DATE)", '2020-01-02'],
    ['datediff', "DATEDIFF('year', '2020-01-01'::DATE, '2021-01-01'::DATE)", '1'],
    ['date_part', "DATE_PART('year', '2023-01-01 01:01:01'::TIMESTAMP)", '2023'],
    ['date_part', "DATE_PART('epoch_second', '2023-01-01 01:01:01'::TIMESTAMP)", '1672534861'],
    ['date_from_parts', 'DATE_FROM_PARTS(2022, 4, 1)', '2022-04-01'],
    ['date_trunc', `DATE_TRUNC('YEAR', ${may})`, '2020-01-01 00:00:00.000000000'],
    ['date_trunc', `DATE_TRUNC('MONTH', ${may})`, '2020-05-01 00:00:00.000000000'],
    ['date_trunc', `DATE_TRUNC('DAY', ${may})`, '2020-05-01 00:00:00.000000000'],
    ['date_trunc', `DATE_TRUNC('HOUR', ${may})`, '2020-05-01 13:00:00.000000000'],
    ['date_trunc', `DATE_TRUNC('MINUTE', ${may})`, '2020-05-01 13:11:00.000000000'],
    ['date_trunc', `DATE_TRUNC('SECOND', ${may})`, '2020-05-01 13:11:20.000000000'],
    ['dayname', `DAYNAME(${may})`, 'Fri'],
    ['dayofweek', `DAYOFWEEK(${may})`, '5'],
    ['dayofyear', `DAYOFYEAR(${may})`, '122'],
    ['weekofyear', `WEEKOFYEAR(${may})`, '18'],
    ['monthname', `MONTHNAME(${may})`, 'May'],
    ['monthname', `MONTHNAME(${august})`, 'Aug'],
    ['quarter', `QUARTER(${may})`, '2'],
    ['quarter', `QUARTER(${august})`, '3'],
    ['year', `YEAR(${may})`, '2020'],
    ['hour', `HOUR(${may})`, '13'],
    ['hour', `HOUR(${august})`, '1'],
    ['second', `SECOND(${may})`, '20'],
    ['second', `SECOND(${august})`, '5'],
    ['last_day', `LAST_DAY(${may})`, '2020-05-31'],
    ['last_day', `LAST_DAY(${august})`, '2020-08-31'],
    ['last_day', `LAST_DAY(${may}, 'YEAR')`, '2020-12-31'],
    ['next_day', "NEXT_DAY('2020-08-01'::DATE, 'mo')", '2020-08-03'],
    ['next_day', "NEXT_DAY('2020-12-01'::DATE, 'we')", '2020-12-02'],
    ['next_day', "NEXT_DAY('2020-08-01'::DATE, 'fr')", '2020-08-07'],
    ['next_day', "NEXT_DAY('2020-12-01'::DATE, 'fr')", '2020-12-04'],
    ['previous_day', "PREVIOUS_DAY('2020-08-01'::DATE, 'mo')", '2020-07-27'],
    ['previous_day', "PREVIOUS_DAY('2020-12-01'::DATE, 'we')", '2020-11-25'],
    ['previous_day', "PREVIOUS_DAY('2020-08-01'::DATE, 'fr')", '2020-07-31'],
    ['months_between', `MONTHS_BETWEEN(${may}, ${august})::NUMBER(10, 6)`, '-3.629452'],
    [
      'convert_timezone',
      `CONVERT_TIMEZONE('UTC', ${nine} -0700'::TIMESTAMP_TZ)`,
      whole('2022-04-06 16:00:00', ' +0000'),
    ],
    ['convert_timezone', `CONVERT_TIMEZONE('Asia/Shanghai', 'UTC', ${nine}'::TIMESTAMP)`, whole('2022-04-06 01:00:00')],
    ['time_from_parts', 'TIME_FROM_PARTS(11, 11, 0, 987654000)', '11:11:00.987654000'],
    ['timestamp_from_parts', 'TIMESTAMP_FROM_PARTS(2022, 4, 1, 11, 11, 0)', eleven],
    ['timestamp_from_parts', 'TIMESTAMP_FROM_PARTS(2022, 3, 31, 11, 11, 0)', '2022-03-31 11:11:00.000000000'],
    ['timestamp_from_parts', "TIMESTAMP_FROM_PARTS(TO_DATE('2022-04-01'), TO_TIME('11:11:00'))", eleven],
    ['timestamp_ntz_from_parts', 'TIMESTAMP_NTZ_FROM_PARTS(2022, 4, 1, 11, 11, 0)', eleven],
    ['to_char', "TO_CHAR('2023-04-16'::TIMESTAMP)", '2023-04-16 00:00:00.000'],
    ['to_char', "TO_CHAR('2017-04-03 02:59:37.000153'::TIMESTAMP)", '2017-04-03 02:59:37.000'],
    ['to_time', "TO_TIME('04:15:29.999')", '04:15:29.999000000'],
    ['to_timestamp', "TO_TIMESTAMP('2019-01-31 01:02:03.004')", '2019-01-31 01:02:03.004000000'],
    ['to_timestamp', `TO_TIMESTAMP('${mayText}.000', 'YYYY-MM-DD HH24:MI:SS.FF3')`, whole(mayText)],
    ['to_timestamp_ntz', "TO_TIMESTAMP_NTZ('2023-03-01'::DATE)", '2023-03-01 00:00:00.000000000'],
    ['to_date', "TO_DATE('2013-05-17')", '2013-05-17'],
    ['to_date', "TO_DATE('2013-05-17', 'YYYY-MM-DD')", '2013-05-17'],
    ['to_date', "TO_DATE('31536000000000')", '1971-01-01'],
    ['to_date', "TO_DATE('71536004000000')", '1972-04-07'],
  ],
}
