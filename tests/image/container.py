"""A container without an engine: the root of an image, and its program in it with nothing around."""

import gzip
import io
import os
import subprocess
import tarfile

import registry

STOP_SECONDS_MAX = 12


def unpack(repository, tag, folder):
    """Pulls an image and unpacks its layers into a folder. Answers its configuration."""
    manifest = registry.document(repository, "manifests", tag)
    config = registry.document(repository, "blobs", manifest["config"]["digest"])
    for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True):
        tar = gzip.decompress(registry.pull(repository, "blobs", layer["digest"]))
        assert registry.digest(tar) == diff_id
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            for member in archive:
                path = folder / member.name
                assert (member.uid, member.gid) == (0, 0) and path.resolve().is_relative_to(folder.resolve())
                if member.isdir():
                    path.mkdir(exist_ok=True)
                else:
                    path.write_bytes(archive.extractfile(member).read())
                path.chmod(member.mode)
    return config


class Container:
    """The image's command, as its user where this may be chosen, and only with the variables that it is given."""

    def __init__(self, root, config, variables, log):
        run = config["config"]
        given = dict(pair.split("=", 1) for pair in run["Env"])
        self.root, self.user, self.entrypoint = root, run["User"], run["Entrypoint"]
        self.variables = {**given, **variables}
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                self.command(*run["Cmd"]), env=self.variables, stdout=output, stderr=output
            )

    def command(self, *arguments):
        if os.geteuid() == 0:
            inside = ["/usr/sbin/chroot", f"--userspec={self.user}", str(self.root)]
        else:
            inside = ["/usr/bin/unshare", "--map-root-user", f"--root={self.root}"]
        return [*inside, *self.entrypoint, *arguments]

    def run(self, *arguments):
        """Another command in the same container."""
        return subprocess.run(self.command(*arguments), env=self.variables, capture_output=True, text=True, check=False)

    def stop(self):
        """The way ECS stops a task. Answers the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=STOP_SECONDS_MAX)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
