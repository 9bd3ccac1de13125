SELECT
  *
FROM (
  SELECT
    `t1`.`address`,
    `t1`.`vpc_id`,
    MAX_BY(`t1`.`account_id`, `t1`.`last_seen`) AS `account_id`,
    MAX_BY(`t1`.`subnet_id`, `t1`.`last_seen`) AS `subnet_id`,
    MAX_BY(`t1`.`interface_id`, `t1`.`last_seen`) AS `interface_id`,
    MAX_BY(`t1`.`instance_id`, `t1`.`last_seen`) AS `instance_id`,
    MAX_BY(`t1`.`az_id`, `t1`.`last_seen`) AS `az_id`,
    MAX_BY(`t1`.`region`, `t1`.`last_seen`) AS `region`
  FROM (
    SELECT
      *
    FROM `ends` AS `t0`
    WHERE
      `t0`.`address` IS NOT NULL
  ) AS `t1`
  GROUP BY
    1,
    2
) AS `t2`
ORDER BY
  `t2`.`address` ASC NULLS LAST,
  `t2`.`vpc_id` ASC NULLS LAST
