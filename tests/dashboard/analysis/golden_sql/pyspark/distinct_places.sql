WITH `fitting_talkers` AS (SELECT
  `t0`.`hour_start` AS `time`,
  `t0`.`address`,
  `t0`.`vpc_id`,
  `t0`.`address` AS `node`,
  `t0`.`action`,
  `t0`.`records`,
  `t0`.`flows`,
  `t0`.`sent_packets`,
  `t0`.`sent_bytes`,
  `t0`.`received_packets`,
  `t0`.`received_bytes`
FROM `talkers` AS `t0`) SELECT
  *
FROM (
  SELECT DISTINCT
    `t0`.`address`,
    `t0`.`vpc_id`
  FROM `fitting_talkers` AS `t0`
  WHERE
    `t0`.`address` IS NOT NULL
) AS `t1`
ORDER BY
  `t1`.`address` ASC NULLS LAST,
  `t1`.`vpc_id` ASC NULLS LAST
