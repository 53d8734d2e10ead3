#!/bin/sh
# What a new version needs before it serves: roles, tables, static files. Safe to run again.
set -eu
python manage.py ensure_roles
python manage.py migrate --no-input
python manage.py collectstatic --no-input --verbosity 0
