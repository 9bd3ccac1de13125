"""What is asked of AWS for names: the calls, all of them read-only, and the rights they take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listing:
    """One call that lists resources.

    Attributes:
        service: As boto3 calls it.
        operation: boto3's method, which can be paginated.
        rows: Where its answer holds the resources.
        action: The IAM action that it takes.
        page_size: The most that AWS gives at once.
        what: What goes unnamed without it, for messages.
    """

    service: str
    operation: str
    rows: str
    action: str
    page_size: int
    what: str


INTERFACES = Listing(
    "ec2", "describe_network_interfaces", "NetworkInterfaces", "ec2:DescribeNetworkInterfaces",
    1_000, "addresses",
)  # fmt: skip
INSTANCES = Listing(
    "ec2", "describe_instances", "Reservations", "ec2:DescribeInstances", 1_000, "instances"
)
SUBNETS = Listing("ec2", "describe_subnets", "Subnets", "ec2:DescribeSubnets", 1_000, "subnets")
VPCS = Listing("ec2", "describe_vpcs", "Vpcs", "ec2:DescribeVpcs", 1_000, "VPCs")
ROUTE_TABLES = Listing(
    "ec2", "describe_route_tables", "RouteTables", "ec2:DescribeRouteTables", 100,
    "public and private subnets",
)  # fmt: skip
SECURITY_GROUPS = Listing(
    "ec2", "describe_security_groups", "SecurityGroups", "ec2:DescribeSecurityGroups", 1_000,
    "security groups",
)  # fmt: skip
NAT_GATEWAYS = Listing(
    "ec2", "describe_nat_gateways", "NatGateways", "ec2:DescribeNatGateways", 1_000, "NAT gateways"
)
ENDPOINTS = Listing(
    "ec2", "describe_vpc_endpoints", "VpcEndpoints", "ec2:DescribeVpcEndpoints", 1_000,
    "VPC endpoints",
)  # fmt: skip
ATTACHMENTS = Listing(
    "ec2", "describe_transit_gateway_attachments", "TransitGatewayAttachments",
    "ec2:DescribeTransitGatewayAttachments", 1_000, "transit gateways",
)  # fmt: skip
LOAD_BALANCERS = Listing(
    "elbv2", "describe_load_balancers", "LoadBalancers",
    "elasticloadbalancing:DescribeLoadBalancers", 400, "load balancers",
)  # fmt: skip
DATABASES = Listing(
    "rds", "describe_db_instances", "DBInstances", "rds:DescribeDBInstances", 100, "databases"
)
CACHES = Listing(
    "elasticache", "describe_cache_clusters", "CacheClusters", "elasticache:DescribeCacheClusters",
    100, "caches",
)  # fmt: skip
FUNCTIONS = Listing(
    "lambda", "list_functions", "Functions", "lambda:ListFunctions", 50, "functions"
)
CLUSTERS = Listing("ecs", "list_clusters", "clusterArns", "ecs:ListClusters", 100, "tasks")
TASKS = Listing("ecs", "list_tasks", "taskArns", "ecs:ListTasks", 100, "tasks")
TAGGED = Listing(
    "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", "tag:GetResources", 100,
    "tags of load balancers, caches and functions",
)  # fmt: skip
ALIASES = Listing(
    "iam", "list_account_aliases", "AccountAliases", "iam:ListAccountAliases", 100,
    "names of accounts",
)  # fmt: skip

# Calls that AWS does not paginate.
DESCRIBE_TASKS, DESCRIBE_REGIONS = "ecs:DescribeTasks", "ec2:DescribeRegions"

LISTINGS = (
    INTERFACES, INSTANCES, SUBNETS, VPCS, ROUTE_TABLES, SECURITY_GROUPS, NAT_GATEWAYS, ENDPOINTS,
    ATTACHMENTS, LOAD_BALANCERS, DATABASES, CACHES, FUNCTIONS, CLUSTERS, TASKS, TAGGED, ALIASES,
)  # fmt: skip
ACTIONS = frozenset(listing.action for listing in LISTINGS) | {DESCRIBE_TASKS, DESCRIBE_REGIONS}
"""Every IAM action that fetching names takes."""
