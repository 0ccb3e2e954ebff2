"""Who could forge what a store holds: each store says what its real part tells of that."""

from __future__ import annotations

import getpass
import json
import os
from pathlib import Path

import pytest

from callsheet.operations.doctor import Check, doctor
from callsheet.operations.session import Session
from callsheet.state.branch import LOCAL, Branch
from callsheet.state.bucket import Bucket
from callsheet.state.database import Database
from callsheet.state.file import FileStore
from callsheet.state.git import BRANCH, GitStore
from callsheet.state.postgres import PostgresStore
from callsheet.state.s3 import S3Store
from callsheet.state.store import Store
from support.between import between
from support.stores import BUCKET, GIT, Moto, bare, clone, git
from support.world import World


def test_every_store_says_who_can_write_to_it(store: Store) -> None:
    before = store.writers()
    store.write("a", b"x", expected=None)
    assert before.who
    assert store.writers().who


class TestFile:
    @pytest.fixture
    def store(self, tmp_path: Path) -> FileStore:
        tmp_path.chmod(0o755)
        store = FileStore(tmp_path / "store")
        store.write("state/dev/head", b"x", expected=None)
        return store

    def test_its_owner_alone_is_no_alarm(self, store: FileStore) -> None:
        found = store.writers()
        assert found.alarms == ()
        assert getpass.getuser() in found.who

    @pytest.mark.parametrize("mode", [0o606, 0o602])
    def test_a_file_that_everybody_may_write_is_one(self, store: FileStore, mode: int) -> None:
        (store.folder / "documents" / "state" / "dev" / "head").chmod(mode)
        found = store.writers()
        assert found.alarms == ("1 of its files and folders can be written by everybody",)
        assert found.advice == f"chmod -R go-w {store.folder}"

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder to another group")
    def test_a_folder_that_a_group_may_write_is_one(self, store: FileStore) -> None:
        (store.folder / "documents").chmod(0o770)
        os.chown(store.folder / "documents", -1, 12_345)
        assert store.writers().alarms == (
            "1 of its files and folders can be written by the group number 12345",
        )

    def test_so_is_one_in_which_it_lies_unless_it_is_sticky(self, store: FileStore) -> None:
        above = store.folder.parent
        above.chmod(0o777)
        assert store.writers().alarms == (f"{above}, in which it lies, can be written by everybody",)
        above.chmod(0o1777)
        assert store.writers().alarms == ()


class TestGit:
    @pytest.fixture
    def work(self, tmp_path: Path) -> Path:
        return clone(bare(tmp_path), tmp_path / "work")

    def opened(self, work: Path, remote: str | None = None) -> GitStore:
        return GitStore(Branch(work, BRANCH, remote=remote, variables=GIT))

    @pytest.mark.parametrize(
        ("address", "shown"),
        [
            (
                "https://bot:can@ary@git.example/acme/voice.git?token=canary",
                "https://git.example/acme/voice.git",
            ),
            ("git@git.example:acme/voice.git", "git.example:acme/voice.git"),
            ("ssh://git@git.example:22/acme/voice.git", "ssh://git.example:22/acme/voice.git"),
        ],
    )
    def test_it_names_branch_and_remote_without_credentials(
        self, work: Path, address: str, shown: str
    ) -> None:
        git(work, "remote", "set-url", "--push", "origin", address)
        found = self.opened(work).writers()
        assert f"push to the branch {BRANCH} of the remote origin ({shown})" in found.who
        assert "canary" not in str(found)
        assert found.alarms == ()
        assert "rule" in found.advice

    @pytest.mark.parametrize("scheme", ["git", "http"])
    def test_a_way_without_encryption_is_an_alarm(self, work: Path, scheme: str) -> None:
        git(work, "remote", "set-url", "origin", f"{scheme}://git.example/acme/voice.git")
        assert "not encrypted" in self.opened(work).writers().alarms[0]
        git(work, "remote", "set-url", "origin", f"{scheme}://localhost/acme/voice.git")
        assert self.opened(work).writers().alarms == ()

    def test_the_rule_that_is_advised_lets_callsheet_write(self, work: Path, tmp_path: Path) -> None:
        for setting in ("receive.denyNonFastForwards", "receive.denyDeletes"):
            git(tmp_path / "remote.git", "config", setting, "true")
        store = self.opened(work)
        version = store.write("a", b"1", expected=None)
        store.write("a", b"2", expected=version)
        with pytest.raises(Exception, match="returned non-zero"):
            git(work, "push", "--force", "origin", f"main:{BRANCH}")

    def test_a_branch_of_this_machine_is_as_open_as_its_folder(self, work: Path) -> None:
        store = self.opened(work, LOCAL)
        (work / ".git" / "refs").chmod(0o777)
        assert "by everybody" in store.writers().alarms[0]


class TestS3:
    def opened(self, url: str, bucket: str) -> S3Store:
        return S3Store(Bucket(bucket, prefix="voice", region="us-east-1", endpoint_url=url))

    def test_a_bucket_as_it_should_be(self, moto: Moto, tmp_path: Path) -> None:
        client, name = moto.client(), "well-kept"
        client.create_bucket(Bucket=name)
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        client.put_public_access_block(
            Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True)
        )
        found = self.opened(moto.url, name).writers()
        assert (found.alarms, found.unseen, found.advice) == ((), (), "")
        assert "s3:PutObject or s3:DeleteObject under s3://well-kept/voice/" in found.who

    def test_what_is_open_is_told(self, moto: Moto) -> None:
        client, name = moto.client(), "wide-open"
        client.create_bucket(Bucket=name)
        client.put_bucket_acl(Bucket=name, GrantWrite='uri="http://acs.amazonaws.com/groups/global/AllUsers"')
        everybody = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": f"arn:aws:s3:::{name}/*",
        }
        client.put_bucket_policy(
            Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
        )
        told = " ".join(self.opened(moto.url, name).writers().alarms)
        for part in (
            "no earlier versions",
            "does not block public access",
            "policy lets everybody",
            "list lets",
        ):
            assert part in told

    def test_settings_that_may_not_be_looked_at_are_no_fault(self, moto: Moto) -> None:
        with between(moto.url) as proxy:
            proxy.refused = ("versioning", "publicAccessBlock", "policyStatus", "acl")
            found = self.opened(proxy.url, BUCKET).writers()
        assert found.alarms == ()
        assert found.unseen[0] == "bucket versioning (AccessDenied)"
        assert len(found.unseen) == 4


class TestPostgres:
    @pytest.fixture
    def schema(self, tmp_path: Path) -> str:
        return tmp_path.name

    @pytest.fixture
    def store(self, dsn: str, schema: str) -> PostgresStore:
        store = PostgresStore(Database(lambda: dsn, name="a database", schema=schema))
        store.write("a", b"x", expected=None)
        return store

    def run(self, dsn: str, *statements: str) -> None:
        import psycopg

        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def test_it_lists_who_may_write(self, dsn: str, schema: str, store: PostgresStore) -> None:
        writer, member, taker, column, reader, group = (
            f'"{name}_{schema}"' for name in ("writer", "member", "taker", "column", "reader", "group")
        )
        self.run(
            dsn,
            *(f"create role {name} login" for name in (writer, member, taker, column, reader)),
            f"create role {group}",
            f'grant insert on "{schema}".documents to {writer}',
            f'grant delete on "{schema}".logs to {group}',
            f"grant {group} to {member}",
            f"alter role {taker} noinherit",
            f"grant {group} to {taker}",
            f'grant update (data) on "{schema}".blobs to {column}',
            f'grant select on all tables in schema "{schema}" to {reader}',
        )
        found = store.writers()
        for name in (writer, member, taker, column):
            assert name.strip('"') in found.who
        for name in (reader, group):
            assert name.strip('"') not in found.who
        assert "superusers (postgres)" in found.who
        assert found.alarms == ()

    def test_everybody_is_an_alarm(self, dsn: str, schema: str, store: PostgresStore) -> None:
        self.run(
            dsn,
            f'grant insert, delete on "{schema}".documents to public',
            f'grant update (data) on "{schema}".blobs to public',
        )
        found = store.writers()
        assert found.alarms == (
            "every role (PUBLIC) may UPDATE on blobs",
            "every role (PUBLIC) may DELETE, INSERT on documents",
        )
        assert found.advice == f"revoke all on all tables in schema {schema} from public"


class TestDoctor:
    def examined(self, world: World) -> Check:
        found = doctor(lambda: Session.open(world.root, variables=world.variables, clock=world.clock))
        [check] = [each for each in found.checks if each.name == "forgery"]
        return check

    def test_it_says_who_could_forge_and_warns_of_what_should_not_be(self, world: World) -> None:
        world.assistant("a")
        world.apply()
        world.root.parent.chmod(0o755)
        world.root.chmod(0o755)
        assert self.examined(world).status == "ok"
        (world.root / ".callsheet" / "state" / "documents").chmod(0o777)
        check = self.examined(world)
        assert check.status == "warn"
        assert check.found.startswith("state, journal, exports and audit can be forged by those who own")
        assert check.todo.startswith("chmod -R go-w ")

    def test_a_store_out_of_reach_is_told_once(self, world: World) -> None:
        world.environment("state: {backend: git}")
        assert self.examined(world).status == "skipped"
