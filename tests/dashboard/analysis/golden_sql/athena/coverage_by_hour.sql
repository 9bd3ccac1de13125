SELECT
  *
FROM (
  SELECT
    "t1"."hour_start",
    COALESCE(SUM("t1"."records") FILTER(WHERE
      "t1"."log_status" = 'OK'), 0) AS "ok",
    COALESCE(SUM("t1"."records") FILTER(WHERE
      "t1"."log_status" = 'NODATA'), 0) AS "nodata",
    COALESCE(SUM("t1"."records") FILTER(WHERE
      "t1"."log_status" = 'SKIPDATA'), 0) AS "skipdata"
  FROM (
    SELECT
      *
    FROM "coverage" AS "t0"
    WHERE
      "t0"."hour_start" > 1767597000 AND "t0"."hour_start" < 1767609060
  ) AS "t1"
  GROUP BY
    1
) AS "t2"
ORDER BY
  "t2"."hour_start" ASC
