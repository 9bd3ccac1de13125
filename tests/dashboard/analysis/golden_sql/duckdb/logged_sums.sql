WITH "fitting_series" AS NOT MATERIALIZED (SELECT
  "t9"."minute_start",
  "t9"."protocol",
  "t9"."action",
  "t9"."records",
  "t9"."flows",
  "t9"."packets",
  "t9"."bytes",
  "t9"."logged_packets",
  "t9"."logged_bytes"
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t7"."protocol",
      "t7"."action",
      "t7"."minute_start",
      "t7"."begins" AS "time",
      CASE WHEN "t7"."step" = 0 THEN "t7"."records" ELSE 0 END AS "records",
      CASE WHEN "t7"."step" = 0 THEN "t7"."flows" ELSE 0 END AS "flows",
      COALESCE(
        CASE
          WHEN "t7"."begins" IS NULL
          THEN "t7"."packets"
          ELSE (
            (
              CAST((
                "t7"."packets" - (
                  "t7"."packets" % "t7"."lasts"
                )
              ) / "t7"."lasts" AS BIGINT) * "t7"."high"
            ) + CAST((
              (
                (
                  "t7"."packets" % "t7"."lasts"
                ) * "t7"."high"
              ) - (
                (
                  (
                    "t7"."packets" % "t7"."lasts"
                  ) * "t7"."high"
                ) % "t7"."lasts"
              )
            ) / "t7"."lasts" AS BIGINT)
          ) - (
            (
              CAST((
                "t7"."packets" - (
                  "t7"."packets" % "t7"."lasts"
                )
              ) / "t7"."lasts" AS BIGINT) * "t7"."low"
            ) + CAST((
              (
                (
                  "t7"."packets" % "t7"."lasts"
                ) * "t7"."low"
              ) - (
                (
                  (
                    "t7"."packets" % "t7"."lasts"
                  ) * "t7"."low"
                ) % "t7"."lasts"
              )
            ) / "t7"."lasts" AS BIGINT)
          )
        END,
        0
      ) AS "packets",
      COALESCE(
        CASE
          WHEN "t7"."begins" IS NULL
          THEN "t7"."bytes"
          ELSE (
            (
              CAST((
                "t7"."bytes" - (
                  "t7"."bytes" % "t7"."lasts"
                )
              ) / "t7"."lasts" AS BIGINT) * "t7"."high"
            ) + CAST((
              (
                (
                  "t7"."bytes" % "t7"."lasts"
                ) * "t7"."high"
              ) - (
                (
                  (
                    "t7"."bytes" % "t7"."lasts"
                  ) * "t7"."high"
                ) % "t7"."lasts"
              )
            ) / "t7"."lasts" AS BIGINT)
          ) - (
            (
              CAST((
                "t7"."bytes" - (
                  "t7"."bytes" % "t7"."lasts"
                )
              ) / "t7"."lasts" AS BIGINT) * "t7"."low"
            ) + CAST((
              (
                (
                  "t7"."bytes" % "t7"."lasts"
                ) * "t7"."low"
              ) - (
                (
                  (
                    "t7"."bytes" % "t7"."lasts"
                  ) * "t7"."low"
                ) % "t7"."lasts"
              )
            ) / "t7"."lasts" AS BIGINT)
          )
        END,
        0
      ) AS "bytes",
      COALESCE(
        CASE
          WHEN "t7"."begins" IS NULL
          THEN "t7"."logged_packets"
          ELSE (
            (
              CAST((
                "t7"."logged_packets" - (
                  "t7"."logged_packets" % "t7"."lasts"
                )
              ) / "t7"."lasts" AS BIGINT) * "t7"."high"
            ) + CAST((
              (
                (
                  "t7"."logged_packets" % "t7"."lasts"
                ) * "t7"."high"
              ) - (
                (
                  (
                    "t7"."logged_packets" % "t7"."lasts"
                  ) * "t7"."high"
                ) % "t7"."lasts"
              )
            ) / "t7"."lasts" AS BIGINT)
          ) - (
            (
              CAST((
                "t7"."logged_packets" - (
                  "t7"."logged_packets" % "t7"."lasts"
                )
              ) / "t7"."lasts" AS BIGINT) * "t7"."low"
            ) + CAST((
              (
                (
                  "t7"."logged_packets" % "t7"."lasts"
                ) * "t7"."low"
              ) - (
                (
                  (
                    "t7"."logged_packets" % "t7"."lasts"
                  ) * "t7"."low"
                ) % "t7"."lasts"
              )
            ) / "t7"."lasts" AS BIGINT)
          )
        END,
        0
      ) AS "logged_packets",
      COALESCE(
        CASE
          WHEN "t7"."begins" IS NULL
          THEN "t7"."logged_bytes"
          ELSE (
            (
              CAST((
                "t7"."logged_bytes" - (
                  "t7"."logged_bytes" % "t7"."lasts"
                )
              ) / "t7"."lasts" AS BIGINT) * "t7"."high"
            ) + CAST((
              (
                (
                  "t7"."logged_bytes" % "t7"."lasts"
                ) * "t7"."high"
              ) - (
                (
                  (
                    "t7"."logged_bytes" % "t7"."lasts"
                  ) * "t7"."high"
                ) % "t7"."lasts"
              )
            ) / "t7"."lasts" AS BIGINT)
          ) - (
            (
              CAST((
                "t7"."logged_bytes" - (
                  "t7"."logged_bytes" % "t7"."lasts"
                )
              ) / "t7"."lasts" AS BIGINT) * "t7"."low"
            ) + CAST((
              (
                (
                  "t7"."logged_bytes" % "t7"."lasts"
                ) * "t7"."low"
              ) - (
                (
                  (
                    "t7"."logged_bytes" % "t7"."lasts"
                  ) * "t7"."low"
                ) % "t7"."lasts"
              )
            ) / "t7"."lasts" AS BIGINT)
          )
        END,
        0
      ) AS "logged_bytes"
    FROM (
      SELECT
        "t6"."seen_at",
        "t6"."last_at",
        "t6"."protocol",
        "t6"."action",
        "t6"."records",
        "t6"."flows",
        "t6"."logged_packets",
        "t6"."logged_bytes",
        "t6"."packets",
        "t6"."bytes",
        "t6"."begins",
        "t6"."lasts",
        "t6"."first_minute",
        "t6"."minutes",
        "t6"."step",
        (
          "t6"."first_minute" + "t6"."step"
        ) * 60 AS "minute_start",
        GREATEST((
          (
            "t6"."first_minute" + "t6"."step"
          ) * 60
        ) - "t6"."begins", 0) AS "low",
        LEAST(
          (
            (
              (
                "t6"."first_minute" + "t6"."step"
              ) * 60
            ) + 60
          ) - "t6"."begins",
          "t6"."lasts"
        ) AS "high"
      FROM (
        SELECT
          "t5"."seen_at",
          "t5"."last_at",
          "t5"."protocol",
          "t5"."action",
          "t5"."records",
          "t5"."flows",
          "t5"."logged_packets",
          "t5"."logged_bytes",
          "t5"."packets",
          "t5"."bytes",
          "t5"."begins",
          "t5"."lasts",
          "t5"."first_minute",
          "t5"."minutes",
          UNNEST(RANGE(0, "t5"."minutes", 1)) AS "step"
        FROM (
          SELECT
            "t4"."seen_at",
            "t4"."last_at",
            "t4"."protocol",
            "t4"."action",
            "t4"."records",
            "t4"."flows",
            "t4"."logged_packets",
            "t4"."logged_bytes",
            "t4"."packets",
            "t4"."bytes",
            "t4"."begins",
            "t4"."lasts",
            CAST(FLOOR((
              "t4"."begins"
            ) / (
              60
            )) AS BIGINT) AS "first_minute",
            COALESCE(
              (
                CAST(FLOOR((
                  (
                    "t4"."begins" + "t4"."lasts"
                  ) - 1
                ) / (
                  60
                )) AS BIGINT) - CAST(FLOOR((
                  "t4"."begins"
                ) / (
                  60
                )) AS BIGINT)
              ) + 1,
              1
            ) AS "minutes"
          FROM (
            SELECT
              "t3"."seen_at",
              "t3"."last_at",
              "t3"."protocol",
              "t3"."action",
              "t3"."records",
              "t3"."flows",
              "t3"."logged_packets",
              "t3"."logged_bytes",
              "t3"."packets",
              "t3"."bytes",
              "t3"."seen_at" AS "begins",
              CASE
                WHEN COALESCE(
                  (
                    (
                      "t3"."last_at" - "t3"."seen_at"
                    ) > 0
                  )
                  AND (
                    (
                      "t3"."last_at" - "t3"."seen_at"
                    ) <= 3600
                  ),
                  FALSE
                )
                THEN "t3"."last_at" - "t3"."seen_at"
                ELSE 1
              END AS "lasts"
            FROM (
              SELECT
                COALESCE("t1"."start", "t1"."end") AS "seen_at",
                COALESCE("t1"."end", "t1"."start") AS "last_at",
                "t1"."protocol",
                "t1"."action",
                1 AS "records",
                CAST("t1"."is_counted" AS BIGINT) AS "flows",
                "t1"."packets" AS "logged_packets",
                "t1"."bytes" AS "logged_bytes",
                CASE WHEN "t1"."is_counted" THEN COALESCE("t1"."packets", 0) ELSE 0 END AS "packets",
                CASE WHEN "t1"."is_counted" THEN COALESCE("t1"."bytes", 0) ELSE 0 END AS "bytes"
              FROM "flows" AS "t1"
              WHERE
                (
                  (
                    (
                      COALESCE("t1"."start", "t1"."end") >= $from_1
                    )
                    AND (
                      COALESCE("t1"."start", "t1"."end") < $to_1
                    )
                  )
                  OR (
                    (
                      COALESCE("t1"."start", "t1"."end") >= $from_2
                    )
                    AND (
                      COALESCE("t1"."start", "t1"."end") < $to_2
                    )
                  )
                )
                AND "t1"."is_counted" IS NOT NULL
            ) AS "t3"
          ) AS "t4"
        ) AS "t5"
      ) AS "t6"
    ) AS "t7"
  ) AS "t8"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      "t0"."protocol",
      "t0"."action",
      "t0"."minute_start",
      "t0"."hour_start" AS "time",
      "t0"."records",
      "t0"."flows",
      "t0"."packets",
      "t0"."bytes",
      "t0"."logged_packets",
      "t0"."logged_bytes"
    FROM "series" AS "t0"
    WHERE
      "t0"."hour_start" >= $low
      AND "t0"."hour_start" < $high
  ) AS "t2"
) AS "t9") SELECT
  COALESCE(SUM("t0"."logged_packets"), 0) AS "logged_packets",
  COALESCE(SUM("t0"."logged_bytes"), 0) AS "logged_bytes"
FROM "fitting_series" AS "t0"
