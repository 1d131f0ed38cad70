#!/bin/sh
# Runs a command on a host that is a network namespace, as `ssh [options] ADDRESS command` does on a machine:
# mpiexec -launcher ssh -launcher-exec enter.sh. The host has a name of its own, as machines have.
while [ "${1#-}" != "$1" ]; do shift; done
name=gradpool-${1##*.}
shift
exec ip netns exec "$name" unshare --uts sh -c "hostname $name; $*"
