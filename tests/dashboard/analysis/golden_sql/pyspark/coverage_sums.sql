WITH `fitting_gaps` AS (SELECT
  `t4`.`log_status`,
  `t4`.`records`
FROM (
  SELECT
    *
  FROM (
    SELECT
      `t0`.`account_id`,
      `t0`.`interface_id`,
      COALESCE(`t0`.`start`, `t0`.`end`) AS `time`,
      COALESCE(`t0`.`log_status`, 'NODATA') AS `log_status`,
      1 AS `records`
    FROM `flows` AS `t0`
    WHERE
      (
        (
          (
            COALESCE(`t0`.`start`, `t0`.`end`) >= $from_1
          )
          AND (
            COALESCE(`t0`.`start`, `t0`.`end`) < $to_1
          )
        )
        OR (
          (
            COALESCE(`t0`.`start`, `t0`.`end`) >= $from_2
          )
          AND (
            COALESCE(`t0`.`start`, `t0`.`end`) < $to_2
          )
        )
      )
      AND `t0`.`is_counted` IS NULL
  ) AS `t3`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      `t1`.`account_id`,
      `t1`.`interface_id`,
      `t1`.`hour_start` AS `time`,
      `t1`.`log_status`,
      `t1`.`records`
    FROM `coverage` AS `t1`
    WHERE
      `t1`.`hour_start` >= $low
      AND `t1`.`hour_start` < $high
  ) AS `t2`
) AS `t4`) SELECT
  COALESCE(SUM(IF(`t0`.`log_status` = 'NODATA', `t0`.`records`, NULL)), 0) AS `nodata`,
  COALESCE(SUM(IF(`t0`.`log_status` = 'SKIPDATA', `t0`.`records`, NULL)), 0) AS `skipdata`
FROM `fitting_gaps` AS `t0`
