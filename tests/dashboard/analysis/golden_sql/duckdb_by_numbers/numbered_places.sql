SELECT
  *
FROM "places" AS "t0"
ORDER BY
  "t0"."place_id" ASC
