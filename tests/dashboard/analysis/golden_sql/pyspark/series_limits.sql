WITH `fitting_series` AS (SELECT
  `t0`.`minute_start`,
  `t0`.`protocol`,
  `t0`.`action`,
  `t0`.`records`,
  `t0`.`flows`,
  `t0`.`packets`,
  `t0`.`bytes`,
  `t0`.`logged_packets`,
  `t0`.`logged_bytes`
FROM `series` AS `t0`) SELECT
  MIN(`t0`.`minute_start`) AS `first`,
  MAX(`t0`.`minute_start`) AS `last`
FROM `fitting_series` AS `t0`
