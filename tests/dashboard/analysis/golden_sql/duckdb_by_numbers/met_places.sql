SELECT DISTINCT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t4"."address",
      "t4"."vpc_id"
    FROM "places" AS "t4"
    SEMI JOIN (
      SELECT DISTINCT
        *
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t2"."place"
          FROM "numbered_talkers" AS "t2"
        ) AS "t5"
        UNION ALL
        SELECT
          *
        FROM (
          SELECT
            "t3"."place"
          FROM "talker_spans" AS "t3"
        ) AS "t6"
      ) AS "t8"
    ) AS "t10"
      ON "t4"."place_id" = "t10"."place"
  ) AS "t11"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t0"."address",
      "t0"."vpc_id"
    FROM "talkers" AS "t0"
    WHERE
      "t0"."address" IS NOT NULL
  ) AS "t7"
) AS "t12"
ORDER BY
  "t12"."address" ASC,
  "t12"."vpc_id" ASC
