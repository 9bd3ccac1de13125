"""Names of service ports and protocols.

The list is the project's own and short: services that VPC traffic shows, under IANA's
names ("Service Name and Transport Protocol Port Number Registry", "Assigned Internet
Protocol Numbers") or, where those tell nobody anything, the product's. The system's
`/etc/services` is not asked: a bare machine has none, and the page must read the same
everywhere. The registry's packages on PyPI have not kept up with it.
"""

from __future__ import annotations

TCP, UDP = 6, 17

_PROTOCOLS = {
    0: "HOPOPT", 1: "ICMP", 2: "IGMP", 4: "IPv4", 6: "TCP", 17: "UDP", 27: "RDP", 33: "DCCP",
    41: "IPv6", 43: "IPv6-Route", 44: "IPv6-Frag", 46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH",
    58: "ICMPv6", 59: "IPv6-NoNxt", 60: "IPv6-Opts", 88: "EIGRP", 89: "OSPF", 94: "IPIP",
    103: "PIM", 108: "IPComp", 112: "VRRP", 115: "L2TP", 132: "SCTP", 136: "UDPLite",
}  # fmt: skip

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
_SERVICES = {TCP: _BOTH | _TCP, UDP: _BOTH | _UDP}


def service_name(port: int | None, protocol: int | None) -> str | None:
    """Name the service behind a port; None where the list has none.

    A record without a protocol is read as TCP first.
    """
    if port is None:
        return None
    if protocol is None:
        return _SERVICES[TCP].get(port) or _SERVICES[UDP].get(port)
    return _SERVICES.get(protocol, {}).get(port)


def protocol_name(protocol: int | None) -> str | None:
    """Name a protocol, `protocol 253` where it has no common name; None: not logged."""
    return None if protocol is None else _PROTOCOLS.get(protocol, f"protocol {protocol}")
