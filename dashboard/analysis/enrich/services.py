"""Names of service ports and protocols.

IANA's names, from `ports`, but for the few of the lists below: what AWS's and everybody's
services are called that never registered their port, or whose registered name tells nobody
what runs there (443 is registered well, 445 as `microsoft-ds`, 6443 as `sun-sr-https`).
"""

from __future__ import annotations

from dashboard.analysis.enrich.ports import TCP, UDP, registered_ports, registered_protocols

_BOTH = {
    53: "domain", 88: "kerberos", 111: "sunrpc", 123: "ntp", 137: "netbios-ns", 161: "snmp",
    162: "snmptrap", 389: "ldap", 443: "https", 464: "kpasswd", 514: "syslog", 1194: "openvpn",
    1434: "ms-sql-m", 1812: "radius", 1813: "radius-acct", 2049: "nfs", 3389: "rdp", 5060: "sip",
    5061: "sips", 8301: "consul-lan", 8302: "consul-wan", 11211: "memcached",
}  # fmt: skip
_TCP = {
    20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 43: "whois", 79: "finger",
    80: "http", 110: "pop3", 135: "msrpc", 139: "netbios-ssn", 143: "imap", 179: "bgp",
    445: "smb", 465: "submissions", 543: "klogin", 548: "afp", 587: "submission", 631: "ipp",
    636: "ldaps", 853: "dns-tls", 873: "rsync", 990: "ftps", 993: "imaps", 995: "pop3s",
    1433: "ms-sql", 1521: "oracle", 1723: "pptp", 1883: "mqtt", 2181: "zookeeper",
    2375: "docker", 2376: "docker-tls", 2379: "etcd", 2380: "etcd-peer", 2484: "oracle-tls",
    3128: "squid", 3260: "iscsi", 3268: "msft-gc", 3269: "msft-gc-tls", 3306: "mysql",
    4317: "otlp-grpc", 4318: "otlp-http", 5044: "beats", 5432: "postgresql", 5439: "redshift",
    5601: "kibana", 5671: "amqps", 5672: "amqp", 5900: "vnc", 5984: "couchdb", 5985: "winrm",
    5986: "winrm-tls", 6379: "redis", 6380: "redis-tls", 6443: "kubernetes", 6514: "syslog-tls",
    7199: "cassandra-jmx", 7687: "neo4j-bolt", 8080: "http-alt", 8086: "influxdb",
    8182: "neptune", 8200: "vault", 8300: "consul-rpc", 8443: "https-alt", 8500: "consul",
    8883: "mqtts", 9042: "cassandra", 9090: "prometheus", 9092: "kafka", 9094: "kafka-tls",
    9096: "kafka-sasl", 9098: "kafka-iam", 9100: "node-exporter", 9142: "cassandra-tls",
    9200: "opensearch", 9300: "opensearch-peer", 9418: "git", 10250: "kubelet",
    10255: "kubelet-ro", 10256: "kube-proxy", 15672: "rabbitmq-mgmt", 27017: "mongodb",
    27018: "mongodb-shard", 27019: "mongodb-config", 61616: "activemq",
}  # fmt: skip
_UDP = {
    67: "dhcp-server", 68: "dhcp-client", 69: "tftp", 138: "netbios-dgm", 500: "isakmp",
    520: "rip", 546: "dhcpv6-client", 547: "dhcpv6-server", 1900: "ssdp", 4500: "ipsec-nat-t",
    4789: "vxlan", 5353: "mdns", 5355: "llmnr", 6081: "geneve", 8125: "statsd",
    51820: "wireguard",
}  # fmt: skip
_PROTOCOLS = {58: "ICMPv6"}  # IANA's IPv6-ICMP.
_OURS = {TCP: _BOTH | _TCP, UDP: _BOTH | _UDP}


def service_name(port: int | None, protocol: int | None) -> str | None:
    """Name the service behind a port; None where neither list has one.

    A record without a protocol is read as TCP first.
    """
    if port is None:
        return None
    if protocol is None:
        return service_name(port, TCP) or service_name(port, UDP)
    ours = _OURS.get(protocol, {}).get(port)
    return ours or registered_ports().get(protocol, {}).get(port)


def protocol_name(protocol: int | None) -> str | None:
    """Name a protocol, `protocol 253` where it has no common name; None: not logged."""
    if protocol is None:
        return None
    ours = _PROTOCOLS.get(protocol)
    return ours or registered_protocols().get(protocol, f"protocol {protocol}")
