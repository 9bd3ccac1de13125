SELECT
  *
FROM (
  SELECT
    "t1"."account_id",
    "t1"."interface_id",
    COUNT(DISTINCT "t1"."hour_start") AS "hours",
    COUNT(DISTINCT "t1"."hour_start") FILTER(WHERE
      "t1"."log_status" = 'OK') AS "ok_hours",
    COUNT(DISTINCT "t1"."hour_start") FILTER(WHERE
      "t1"."log_status" = 'NODATA') AS "nodata_hours",
    COUNT(DISTINCT "t1"."hour_start") FILTER(WHERE
      "t1"."log_status" = 'SKIPDATA') AS "skipdata_hours",
    COALESCE(SUM("t1"."records") FILTER(WHERE
      "t1"."log_status" = 'OK'), 0) AS "records",
    COALESCE(SUM("t1"."records") FILTER(WHERE
      "t1"."log_status" = 'SKIPDATA'), 0) AS "skipdata",
    MIN("t1"."hour_start") AS "first_hour",
    MAX("t1"."hour_start") AS "last_hour"
  FROM (
    SELECT
      *
    FROM "coverage" AS "t0"
    WHERE
      "t0"."hour_start" > 1767597000 AND "t0"."hour_start" < 1767609060
  ) AS "t1"
  GROUP BY
    1,
    2
) AS "t2"
ORDER BY
  "t2"."skipdata_hours" DESC,
  "t2"."account_id" ASC,
  "t2"."interface_id" ASC
