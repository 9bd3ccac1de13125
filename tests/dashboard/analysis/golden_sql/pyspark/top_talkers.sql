WITH `fitting_edges` AS (SELECT
  `t4`.`time`,
  `t4`.`initiator` AS `src`,
  `t4`.`responder` AS `dst`,
  FALSE AS `src_named`,
  FALSE AS `dst_named`,
  `t4`.`service_port`,
  `t4`.`protocol`,
  `t4`.`action`,
  `t4`.`records`,
  `t4`.`flows`,
  `t4`.`packets`,
  `t4`.`bytes`,
  `t4`.`return_packets`,
  `t4`.`return_bytes`,
  `t4`.`first_seen`,
  `t4`.`last_seen`
FROM (
  SELECT
    *
  FROM (
    SELECT
      CASE
        WHEN `t0`.`initiator_is_src`
        THEN COALESCE(`t0`.`pkt_srcaddr`, `t0`.`srcaddr`)
        WHEN NOT (
          `t0`.`initiator_is_src`
        )
        THEN COALESCE(`t0`.`pkt_dstaddr`, `t0`.`dstaddr`)
        ELSE NULL
      END AS `initiator`,
      CASE
        WHEN `t0`.`initiator_is_src`
        THEN COALESCE(`t0`.`pkt_dstaddr`, `t0`.`dstaddr`)
        WHEN NOT (
          `t0`.`initiator_is_src`
        )
        THEN COALESCE(`t0`.`pkt_srcaddr`, `t0`.`srcaddr`)
        ELSE NULL
      END AS `responder`,
      CASE
        WHEN `t0`.`initiator_is_src`
        THEN `t0`.`src_vpc_id`
        WHEN NOT (
          `t0`.`initiator_is_src`
        )
        THEN `t0`.`dst_vpc_id`
        ELSE NULL
      END AS `initiator_vpc_id`,
      CASE
        WHEN `t0`.`initiator_is_src`
        THEN `t0`.`dst_vpc_id`
        WHEN NOT (
          `t0`.`initiator_is_src`
        )
        THEN `t0`.`src_vpc_id`
        ELSE NULL
      END AS `responder_vpc_id`,
      CASE
        WHEN `t0`.`initiator_is_src`
        THEN `t0`.`src_ip4`
        WHEN NOT (
          `t0`.`initiator_is_src`
        )
        THEN `t0`.`dst_ip4`
        ELSE NULL
      END AS `initiator_ip4`,
      CASE
        WHEN `t0`.`initiator_is_src`
        THEN `t0`.`dst_ip4`
        WHEN NOT (
          `t0`.`initiator_is_src`
        )
        THEN `t0`.`src_ip4`
        ELSE NULL
      END AS `responder_ip4`,
      CASE
        WHEN `t0`.`initiator_is_src`
        THEN `t0`.`src_ip6`
        WHEN NOT (
          `t0`.`initiator_is_src`
        )
        THEN `t0`.`dst_ip6`
        ELSE NULL
      END AS `initiator_ip6`,
      CASE
        WHEN `t0`.`initiator_is_src`
        THEN `t0`.`dst_ip6`
        WHEN NOT (
          `t0`.`initiator_is_src`
        )
        THEN `t0`.`src_ip6`
        ELSE NULL
      END AS `responder_ip6`,
      COALESCE(`t0`.`start`, `t0`.`end`) AS `time`,
      `t0`.`service_port`,
      `t0`.`protocol`,
      `t0`.`action`,
      1 AS `records`,
      CAST(`t0`.`is_counted` AS BIGINT) AS `flows`,
      IF(`t0`.`is_counted`, COALESCE(`t0`.`packets`, 0), 0) AS `packets`,
      IF(`t0`.`is_counted`, COALESCE(`t0`.`bytes`, 0), 0) AS `bytes`,
      IF(
        `t0`.`is_counted` AND NOT (
          COALESCE(`t0`.`initiator_is_src`, TRUE)
        ),
        COALESCE(IF(`t0`.`is_counted`, COALESCE(`t0`.`packets`, 0), 0), 0),
        0
      ) AS `return_packets`,
      IF(
        `t0`.`is_counted` AND NOT (
          COALESCE(`t0`.`initiator_is_src`, TRUE)
        ),
        COALESCE(IF(`t0`.`is_counted`, COALESCE(`t0`.`bytes`, 0), 0), 0),
        0
      ) AS `return_bytes`,
      COALESCE(`t0`.`start`, `t0`.`end`) AS `first_seen`,
      COALESCE(`t0`.`end`, `t0`.`start`) AS `last_seen`
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
      AND `t0`.`is_counted` IS NOT NULL
  ) AS `t3`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      `t1`.`initiator`,
      `t1`.`responder`,
      `t1`.`initiator_vpc_id`,
      `t1`.`responder_vpc_id`,
      `t1`.`initiator_ip4`,
      `t1`.`responder_ip4`,
      `t1`.`initiator_ip6`,
      `t1`.`responder_ip6`,
      `t1`.`hour_start` AS `time`,
      `t1`.`service_port`,
      `t1`.`protocol`,
      `t1`.`action`,
      `t1`.`records`,
      `t1`.`flows`,
      `t1`.`packets`,
      `t1`.`bytes`,
      `t1`.`return_packets`,
      `t1`.`return_bytes`,
      `t1`.`first_seen`,
      `t1`.`last_seen`
    FROM `edges` AS `t1`
    WHERE
      `t1`.`hour_start` >= $low
      AND `t1`.`hour_start` < $high
  ) AS `t2`
) AS `t4`
WHERE
  COALESCE(`t4`.`initiator_ip4` BETWEEN $typed_0 AND $typed_1, FALSE)
  AND COALESCE(`t4`.`service_port` < $typed_2, FALSE)), `t5` AS (
  SELECT
    `t4`.`node`,
    COALESCE(SUM(`t4`.`sent_packets`), 0) AS `sent_packets`,
    COALESCE(SUM(`t4`.`sent_bytes`), 0) AS `sent_bytes`,
    COALESCE(SUM(`t4`.`received_packets`), 0) AS `received_packets`,
    COALESCE(SUM(`t4`.`received_bytes`), 0) AS `received_bytes`,
    COALESCE(SUM(`t4`.`records`), 0) AS `records`,
    COALESCE(SUM(`t4`.`flows`), 0) AS `flows`,
    COALESCE(SUM(`t4`.`packets`), 0) AS `packets`,
    COALESCE(SUM(`t4`.`bytes`), 0) AS `bytes`,
    COALESCE(SUM(IF(`t4`.`action` = 'ACCEPT', `t4`.`flows`, NULL)), 0) AS `accepted`,
    COALESCE(SUM(IF(`t4`.`action` = 'REJECT', `t4`.`flows`, NULL)), 0) AS `rejected`,
    COALESCE(SUM(IF(`t4`.`action` = 'ACCEPT', `t4`.`flows`, NULL)), 0) AS `accepted_metric`,
    COALESCE(SUM(IF(`t4`.`action` = 'REJECT', `t4`.`flows`, NULL)), 0) AS `rejected_metric`
  FROM (
    SELECT
      `t3`.`action`,
      `t3`.`records`,
      `t3`.`flows`,
      `t3`.`node`,
      `t3`.`sent_packets`,
      `t3`.`sent_bytes`,
      `t3`.`received_packets`,
      `t3`.`received_bytes`,
      `t3`.`sent_packets` + `t3`.`received_packets` AS `packets`,
      `t3`.`sent_bytes` + `t3`.`received_bytes` AS `bytes`
    FROM (
      SELECT
        *
      FROM (
        SELECT
          `t0`.`action`,
          `t0`.`records`,
          `t0`.`flows`,
          `t0`.`src` AS `node`,
          `t0`.`packets` - `t0`.`return_packets` AS `sent_packets`,
          `t0`.`bytes` - `t0`.`return_bytes` AS `sent_bytes`,
          `t0`.`return_packets` AS `received_packets`,
          `t0`.`return_bytes` AS `received_bytes`
        FROM `fitting_edges` AS `t0`
        WHERE
          `t0`.`src` IS NOT NULL
      ) AS `t1`
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          `t0`.`action`,
          `t0`.`records`,
          `t0`.`flows`,
          `t0`.`dst` AS `node`,
          `t0`.`return_packets` AS `sent_packets`,
          `t0`.`return_bytes` AS `sent_bytes`,
          `t0`.`packets` - `t0`.`return_packets` AS `received_packets`,
          `t0`.`bytes` - `t0`.`return_bytes` AS `received_bytes`
        FROM `fitting_edges` AS `t0`
        WHERE
          `t0`.`src` IS NOT NULL
      ) AS `t2`
    ) AS `t3`
  ) AS `t4`
  GROUP BY
    1
)
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      0 AS `part`,
      `t8`.`node`,
      `t8`.`sent_packets`,
      `t8`.`sent_bytes`,
      `t8`.`received_packets`,
      `t8`.`received_bytes`,
      `t8`.`records`,
      `t8`.`flows`,
      `t8`.`packets`,
      `t8`.`bytes`,
      `t8`.`accepted`,
      `t8`.`rejected`,
      `t8`.`accepted_metric`,
      `t8`.`rejected_metric`
    FROM (
      SELECT
        *
      FROM `t5` AS `t6`
      ORDER BY
        `t6`.`flows` DESC,
        `t6`.`node` ASC NULLS LAST
      LIMIT 10
    ) AS `t8`
  ) AS `t10`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      1 AS `part`,
      CAST(NULL AS STRING) AS `node`,
      `t9`.`sent_packets`,
      `t9`.`sent_bytes`,
      `t9`.`received_packets`,
      `t9`.`received_bytes`,
      `t9`.`records`,
      `t9`.`flows`,
      `t9`.`packets`,
      `t9`.`bytes`,
      `t9`.`accepted`,
      `t9`.`rejected`,
      `t9`.`accepted_metric`,
      `t9`.`rejected_metric`
    FROM (
      SELECT
        COALESCE(SUM(`t6`.`sent_packets`), 0) AS `sent_packets`,
        COALESCE(SUM(`t6`.`sent_bytes`), 0) AS `sent_bytes`,
        COALESCE(SUM(`t6`.`received_packets`), 0) AS `received_packets`,
        COALESCE(SUM(`t6`.`received_bytes`), 0) AS `received_bytes`,
        COALESCE(SUM(`t6`.`records`), 0) AS `records`,
        COALESCE(SUM(`t6`.`flows`), 0) AS `flows`,
        COALESCE(SUM(`t6`.`packets`), 0) AS `packets`,
        COALESCE(SUM(`t6`.`bytes`), 0) AS `bytes`,
        COALESCE(SUM(`t6`.`accepted`), 0) AS `accepted`,
        COALESCE(SUM(`t6`.`rejected`), 0) AS `rejected`,
        COALESCE(SUM(`t6`.`accepted_metric`), 0) AS `accepted_metric`,
        COALESCE(SUM(`t6`.`rejected_metric`), 0) AS `rejected_metric`
      FROM `t5` AS `t6`
    ) AS `t9`
  ) AS `t11`
) AS `t12`
ORDER BY
  `t12`.`part` ASC NULLS LAST,
  `t12`.`flows` DESC,
  `t12`.`node` ASC NULLS LAST
