SELECT
  *
FROM (
  SELECT
    "t1"."address",
    "t1"."vpc_id",
    FIRST("t1"."account_id" ORDER BY "t1"."last_seen" DESC) AS "account_id",
    FIRST("t1"."subnet_id" ORDER BY "t1"."last_seen" DESC) AS "subnet_id",
    FIRST("t1"."interface_id" ORDER BY "t1"."last_seen" DESC) AS "interface_id",
    FIRST("t1"."instance_id" ORDER BY "t1"."last_seen" DESC) AS "instance_id",
    FIRST("t1"."az_id" ORDER BY "t1"."last_seen" DESC) AS "az_id",
    FIRST("t1"."region" ORDER BY "t1"."last_seen" DESC) AS "region"
  FROM (
    SELECT
      *
    FROM "ends" AS "t0"
    WHERE
      "t0"."address" IS NOT NULL
  ) AS "t1"
  GROUP BY
    1,
    2
) AS "t2"
ORDER BY
  "t2"."address" ASC,
  "t2"."vpc_id" ASC
