WITH "fitting_talkers" AS NOT MATERIALIZED (SELECT
  "t0"."hour_start" AS "time",
  "t0"."address",
  "t0"."vpc_id",
  "t0"."address" AS "node",
  "t0"."action",
  "t0"."records",
  "t0"."flows",
  "t0"."sent_packets",
  "t0"."sent_bytes",
  "t0"."received_packets",
  "t0"."received_bytes"
FROM "talkers" AS "t0") SELECT DISTINCT
  "t0"."address",
  "t0"."vpc_id"
FROM "fitting_talkers" AS "t0"
WHERE
  "t0"."address" IS NOT NULL
ORDER BY
  "t0"."address" ASC,
  "t0"."vpc_id" ASC
