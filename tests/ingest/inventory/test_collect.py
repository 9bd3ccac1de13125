"""Names from a real HTTP server: every kind of interface, pages, rights, accounts, regions."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from ingest.config import AwsSettings
from ingest.errors import ExitCode
from ingest.iam import names_statement
from ingest.inventory.collect import NamesReport, fetch_names
from ingest.inventory.listings import ACTIONS
from ingest.store.names import read_names
from tests.fault_proxy import FOR_EVER
from tests.ingest.inventory.invented_account import REGION, InventedAccount, invent_account
from tests.ingest.loading import run_ingest
from tests.s3_server import ACCOUNT

pytestmark = pytest.mark.s3

T0, T1, T2 = 1_772_445_600, 1_772_449_200, 1_772_452_800
# Moto calls this one by a name of its own; AWS knows it as in ACTIONS.
MOTOS_OWN = {"tagging:GetResources"}
# With rights enforced moto denies it whatever the policy says.
NEVER_ALLOWED = "lambda:ListFunctions"


def policy_without(*actions: str) -> dict[str, Any]:
    """Return the published policy, less some of its actions."""
    statement = names_statement((ACTIONS | MOTOS_OWN) - set(actions))
    return {"Version": "2012-10-17", "Statement": [statement]}


def denied(report: NamesReport) -> list[tuple[str, str | None]]:
    """Return state and action of each trouble that is not moto's own."""
    return [(t.state, t.action) for t in report.troubles if t.action != NEVER_ALLOWED]


@pytest.fixture
def account(s3_server) -> InventedAccount:
    """A VPC with two subnets, alone in its account."""
    return invent_account(s3_server)


@pytest.fixture
def fetch(aws, tmp_path) -> Callable[..., NamesReport]:
    """Fetch names into the cache of this test."""

    def fetched(
        taken: int = T0, settings: AwsSettings | None = None, regions=(REGION,), **more: Any
    ) -> NamesReport:
        asking = [settings or aws(region=REGION)]
        return fetch_names(tmp_path, asking, regions, clock=lambda: taken, **more)

    return fetched


@pytest.fixture
def known(tmp_path) -> Callable[[], dict[str, dict[str, Any]]]:
    """The addresses that have a name now, by address."""

    def read() -> dict[str, dict[str, Any]]:
        rows = read_names(tmp_path)["addresses"].to_pylist()
        return {row["address"]: row for row in rows if row["valid_to"] is None}

    return read


def test_an_instance_is_called_by_its_tag(account, fetch, known):
    """Name, owner, tags and place come from the instance, its subnet and its VPC."""
    instance_id = account.instance("10.7.2.10", Name="web-1", Team="shop", stage="live")

    report = fetch()

    row = known()["10.7.2.10"]
    assert report.exit_code is ExitCode.OK
    assert (row["name"], row["kind"], row["owner"]) == ("web-1", "instance", "shop")
    assert json.loads(row["tags"]) == {"Name": "web-1", "Team": "shop", "stage": "live"}
    assert (row["account_id"], row["region"], row["instance_id"]) == (ACCOUNT, REGION, instance_id)
    assert (row["subnet_name"], row["vpc_name"], row["vpc_id"]) == (
        "shop-private", "shop", account.vpc_id,
    )  # fmt: skip
    assert row["interface_id"].startswith("eni-")
    assert row["security_groups"] == "default"
    assert row["az_id"].startswith("use1-az")
    assert (row["valid_from"], row["valid_to"]) == (None, None)


def test_the_owner_tag_can_be_chosen(account, fetch, known):
    """Letters may be of any case."""
    account.instance("10.7.2.10", Name="web-1", Team="shop", CostCenter="4711")

    fetch(owner_tags=("costcenter", "team"))

    assert known()["10.7.2.10"]["owner"] == "4711"


def test_every_address_of_an_interface_is_its_own(account, fetch, known):
    """Primary, secondary, IPv6 and elastic addresses have one name."""
    account.ec2.associate_subnet_cidr_block(
        SubnetId=account.private, Ipv6CidrBlock="2001:db8:7:2::/64"
    )
    interface_id = account.interface("10.7.2.20", "two addresses")
    account.ec2.assign_private_ip_addresses(
        NetworkInterfaceId=interface_id, SecondaryPrivateIpAddressCount=1
    )
    account.ec2.assign_ipv6_addresses(
        NetworkInterfaceId=interface_id, Ipv6Addresses=["2001:db8:7:2:0::9"]
    )
    elastic = account.ec2.allocate_address(Domain="vpc")
    account.ec2.associate_address(
        AllocationId=elastic["AllocationId"], NetworkInterfaceId=interface_id
    )

    fetch()

    rows = [row for row in known().values() if row["interface_id"] == interface_id]
    assert len(rows) == 4
    assert {row["name"] for row in rows} == {"two addresses"}
    assert {"10.7.2.20", "2001:db8:7:2::9", elastic["PublicIp"]} < {row["address"] for row in rows}


def test_services_name_their_interfaces(account, fetch, known):
    """NAT gateway, VPC endpoint, load balancer, function, task and database."""
    server, ec2 = account.server, account.ec2
    balancer = server.client("elbv2").create_load_balancer(
        Name="front", Subnets=[account.public, account.private],
        Tags=[{"Key": "owner", "Value": "web team"}],
    )["LoadBalancers"][0]  # fmt: skip
    path = balancer["LoadBalancerArn"].partition(":loadbalancer/")[2]
    account.interface("10.7.2.30", f"ELB {path}")
    nat = ec2.create_nat_gateway(
        SubnetId=account.public,
        AllocationId=ec2.allocate_address(Domain="vpc")["AllocationId"],
        TagSpecifications=[
            {"ResourceType": "natgateway", "Tags": [{"Key": "Name", "Value": "way out"}]}
        ],
    )["NatGateway"]["NatGatewayAddresses"][0]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=account.vpc_id, ServiceName=f"com.amazonaws.{REGION}.ssm",
        VpcEndpointType="Interface", SubnetIds=[account.private],
    )["VpcEndpoint"]  # fmt: skip
    _make_function(server, "resize")
    account.interface("10.7.2.31", "AWS Lambda VPC ENI-resize-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f")
    account.interface("10.7.2.32", "RDSNetworkInterface")
    _make_database(server, account, "orders")

    report = fetch(resolve=lambda _: frozenset({"10.7.2.32"}))

    rows = known()
    named = {row["interface_id"]: (row["name"], row["kind"]) for row in rows.values()}
    assert report.troubles == []
    assert (rows["10.7.2.30"]["name"], rows["10.7.2.30"]["owner"]) == ("front", "web team")
    assert named[nat["NetworkInterfaceId"]] == ("way out", "nat gateway")
    assert named[endpoint["NetworkInterfaceIds"][0]] == (
        f"com.amazonaws.{REGION}.ssm", "vpc endpoint",
    )  # fmt: skip
    assert (rows["10.7.2.31"]["name"], rows["10.7.2.31"]["kind"]) == ("resize", "function")
    assert (rows["10.7.2.32"]["name"], rows["10.7.2.32"]["kind"]) == ("orders", "database")
    _forget_services(server, balancer["LoadBalancerArn"])


def test_tasks_and_caches_name_their_interfaces(account, fetch, known):
    """A task by its service or family, a cache by its cluster, with the tags of both."""
    server = account.server
    server.client("elasticache").create_cache_cluster(
        CacheClusterId="sessions", Engine="redis", CacheNodeType="cache.t3.micro",
        NumCacheNodes=1, Tags=[{"Key": "team", "Value": "login"}],
    )  # fmt: skip
    account.interface("10.7.2.33", "ElastiCache sessions")
    interface_id = _run_task(server, account, "orders")

    report = fetch()

    rows = known()
    named = {row["interface_id"]: (row["name"], row["kind"]) for row in rows.values()}
    assert report.troubles == []
    assert (rows["10.7.2.33"]["name"], rows["10.7.2.33"]["kind"]) == ("sessions", "cache")
    assert rows["10.7.2.33"]["owner"] == "login"
    assert named[interface_id] == ("orders", "task")
    server.client("elasticache").delete_cache_cluster(CacheClusterId="sessions")


def test_subnets_are_public_where_their_routes_lead_out(account, fetch, tmp_path):
    """Networks have id, name, kind, VPC and a row for each CIDR."""
    account.ec2.associate_vpc_cidr_block(VpcId=account.vpc_id, CidrBlock="10.8.0.0/16")

    fetch()

    rows = read_names(tmp_path)["networks"].to_pylist()
    networks = [row for row in rows if row["vpc_id"] == account.vpc_id]
    assert {(row["name"], row["kind"], row["cidr"]) for row in networks} == {
        ("shop", "vpc", "10.7.0.0/16"), ("shop", "vpc", "10.8.0.0/16"),
        ("shop-public", "public subnet", "10.7.1.0/24"),
        ("shop-private", "private subnet", "10.7.2.0/24"),
    }  # fmt: skip


def test_all_pages_are_read(account, fetch, known, s3_server):
    """Twelve instances in pages of five make three requests, and twelve names."""
    for n in range(12):
        account.instance(f"10.7.2.{40 + n}", Name=f"w{n}")
    s3_server.requests.clear()
    fetch()
    in_one_page = len(s3_server.requests)
    s3_server.requests.clear()

    fetch(page_size=5)

    assert {row["name"] for row in known().values()} == {f"w{n}" for n in range(12)}
    assert len(s3_server.requests) >= in_one_page + 2


def test_an_address_has_the_name_of_its_day(account, fetch, tmp_path):
    """An address that goes to another machine changes its name at the snapshot that says so."""
    first = account.interface("10.7.2.10", "old")
    fetch(T0)
    account.ec2.delete_network_interface(NetworkInterfaceId=first)
    account.interface("10.7.2.10", "new")

    fetch(T1)
    again = fetch(T2)

    rows = read_names(tmp_path)["addresses"].to_pylist()
    held = {row["name"]: (row["valid_from"], row["valid_to"]) for row in rows}
    assert held == {"old": (None, T1), "new": (T1, None)}
    assert (again.taken[0].began, again.taken[0].ended) == (0, 0)


def test_the_published_policy_is_enough(account, fetch, known, aws, s3_server):
    """A user who may do nothing else is denied nothing."""
    account.instance("10.7.2.10", Name="web-1")
    user = s3_server.create_user("namer", policy_without())
    with s3_server.enforced_iam():
        report = fetch(settings=aws(region=REGION, **user))

    assert denied(report) == []
    assert known()["10.7.2.10"]["name"] == "web-1"


def test_all_regions_are_those_the_account_has(account, fetch, aws, s3_server):
    """Each is asked; here each refuses, which makes this quick."""
    names = {row["RegionName"] for row in account.ec2.describe_regions()["Regions"]}
    policy = policy_without("ec2:DescribeNetworkInterfaces")
    user = s3_server.create_user("namer-of-all-regions", policy)
    with s3_server.enforced_iam():
        report = fetch(settings=aws(region=REGION, **user), regions=("all",))

    assert {trouble.where for trouble in report.troubles} == {f"{ACCOUNT}/{n}" for n in names}


@pytest.mark.parametrize("action", ["ec2:DescribeInstances", "rds:DescribeDBInstances"])
def test_a_missing_right_is_named_and_the_rest_goes_on(
    account, fetch, known, aws, s3_server, action
):
    """What it would have named keeps the name of its interface."""
    account.interface("10.7.2.50", "a plain interface")
    name = f"namer-without-{action.replace(':', '-')}"
    user = s3_server.create_user(name, policy_without(action))
    with s3_server.enforced_iam():
        report = fetch(settings=aws(region=REGION, **user))

    assert denied(report) == [("denied", action)]
    assert any(f"Allow {action} on" in trouble.detail for trouble in report.troubles)
    assert report.exit_code is ExitCode.NO_PERMISSION
    assert known()["10.7.2.50"]["name"] == "a plain interface"


def test_without_the_right_to_see_interfaces_names_stay_as_they_were(
    account, fetch, known, aws, s3_server
):
    """A refusal is no proof that everything is gone."""
    account.instance("10.7.2.10", Name="web-1")
    fetch(T0)
    policy = policy_without("ec2:DescribeNetworkInterfaces")
    user = s3_server.create_user("namer-without-interfaces", policy)
    with s3_server.enforced_iam():
        report = fetch(T1, settings=aws(region=REGION, **user))

    assert report.taken == []
    assert report.exit_code is ExitCode.NO_PERMISSION
    assert known()["10.7.2.10"]["name"] == "web-1"


def test_a_broken_connection_leaves_names_as_they_were(account, fetch, known, aws, proxy):
    """Half an inventory is none: the next run brings all of it."""
    account.instance("10.7.2.10", Name="web-1")
    fetch(T0)
    proxy.fail("500", FOR_EVER, where="POST /")

    report = fetch(T1, settings=aws(proxy.url, region=REGION, attempts=1))

    assert report.taken == []
    assert report.exit_code is ExitCode.SOURCE_UNAVAILABLE
    assert known()["10.7.2.10"]["name"] == "web-1"


def test_accounts_and_regions_are_kept_apart(account, aws, tmp_path):
    """A role's account beside the own one; an account that two identities see counts once."""
    account.instance("10.7.2.10", Name="web-1")
    role = "arn:aws:iam::222222222222:role/names"
    identities = [
        aws(region=REGION),
        aws(region=REGION, role_arn=role, external_id="agreed"),
        aws(region=REGION),
    ]

    report = fetch_names(tmp_path, identities, (REGION, "eu-west-1"), clock=lambda: T0)

    assert [(t.account_id, t.region) for t in report.taken] == [
        (ACCOUNT, REGION), (ACCOUNT, "eu-west-1"),
        ("222222222222", REGION), ("222222222222", "eu-west-1"),
    ]  # fmt: skip
    rows = read_names(tmp_path)["networks"].to_pylist()
    assert {row["account_id"] for row in rows} == {ACCOUNT, "222222222222"}


def test_an_account_that_cannot_be_entered_is_named_and_the_others_go_on(
    account, aws, tmp_path, s3_server
):
    """Wrong keys cost their own account alone."""
    account.instance("10.7.2.10", Name="web-1")
    user = s3_server.create_user("namer-of-two", policy_without())
    wrong = aws(region=REGION, access_key_id="AKIAUNKNOWN")
    with s3_server.enforced_iam():
        report = fetch_names(tmp_path, [wrong, aws(region=REGION, **user)], (REGION,))

    assert report.troubles[0].where == "default credentials"
    assert "does not accept these credentials" in report.troubles[0].detail
    assert [taken.account_id for taken in report.taken] == [ACCOUNT]


def test_the_command_prints_what_it_found(account, tmp_path, s3_server):
    """A line for each region; the same again says: as before; machine output on demand."""
    account.instance("10.7.2.10", Name="web-1")
    env = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "marker", "NO_PROXY": "127.0.0.1"}
    arguments = (
        "names", "--cache", tmp_path / "cache", "--region", REGION, "--endpoint-url", s3_server.url
    )  # fmt: skip

    first = run_ingest(*arguments, env=env)
    second = run_ingest(*arguments, env=env)
    told = json.loads(run_ingest(*arguments, "--json", env=env).stdout)

    assert first.returncode == 0, first.stderr
    assert f"{ACCOUNT}  {REGION}" in first.stdout
    assert "1 addresses; " in first.stdout
    assert "1 addresses; as before" in second.stdout
    assert told["taken"][0]["addresses"] == 1
    assert "marker" not in first.stdout + first.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--profile", "a", "--profile", "b", "--role-arn", "arn:aws:iam::222222222222:role/names"),
         "--profile is given 2 times beside --role-arn"),
        (("--region", "../../elsewhere"), "--region ../../elsewhere: not a region"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(tmp_path, arguments, message):
    """Before anything is asked, and nothing is written."""
    refused = run_ingest("names", "--cache", tmp_path / "cache", *arguments, env={})

    assert refused.returncode == ExitCode.USAGE
    assert message in refused.stderr
    assert not (tmp_path / "cache").exists()


def _make_function(server: Any, name: str) -> None:
    role = server.client("iam").create_role(RoleName=f"for-{name}", AssumeRolePolicyDocument="{}")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "")
    server.client("lambda").create_function(
        FunctionName=name, Runtime="python3.11", Role=role["Role"]["Arn"], Handler="main.run",
        Code={"ZipFile": code.getvalue()},
    )  # fmt: skip


def _run_task(server: Any, account: InventedAccount, family: str) -> str:
    ecs = server.client("ecs")
    ecs.create_cluster(clusterName="shop")
    container = {"name": "main", "image": "main", "memory": 512, "cpu": 256}
    ecs.register_task_definition(
        family=family, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256",
        memory="512", containerDefinitions=[container],
    )  # fmt: skip
    groups = account.ec2.describe_security_groups()["SecurityGroups"]
    network = {
        "subnets": [account.private],
        "securityGroups": [g["GroupId"] for g in groups if g["VpcId"] == account.vpc_id],
    }
    (task,) = ecs.run_task(
        cluster="shop", taskDefinition=family, launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
    )["tasks"]  # fmt: skip
    details = {row["name"]: row["value"] for row in task["attachments"][0]["details"]}
    return str(details["networkInterfaceId"])


def _make_database(server: Any, account: InventedAccount, name: str) -> None:
    rds = server.client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription=name,
        SubnetIds=[account.public, account.private],
    )  # fmt: skip
    rds.create_db_instance(
        DBInstanceIdentifier=name, DBInstanceClass="db.t3.micro", Engine="postgres",
        DBSubnetGroupName=name, AllocatedStorage=20, MasterUsername="admin1",
        MasterUserPassword="not-a-secret",
    )  # fmt: skip


def _forget_services(server: Any, balancer: str) -> None:
    server.client("elbv2").delete_load_balancer(LoadBalancerArn=balancer)
    server.client("rds").delete_db_instance(DBInstanceIdentifier="orders", SkipFinalSnapshot=True)
    server.client("lambda").delete_function(FunctionName="resize")
