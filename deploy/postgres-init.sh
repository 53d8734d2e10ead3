#!/bin/sh
# Run once by the postgres image on an empty volume: the owner of the tables, who is no superuser, and its database.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv owner_password OWNER_PASSWORD
CREATE ROLE innovscore_owner LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS PASSWORD :'owner_password';
CREATE DATABASE innovscore OWNER innovscore_owner TEMPLATE template0 ENCODING 'UTF8';
REVOKE CONNECT, TEMPORARY ON DATABASE innovscore FROM PUBLIC;
SQL
