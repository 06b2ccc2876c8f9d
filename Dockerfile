# One image for all of Vitrine's processes:
#
#     docker build -t vitrine .
#     docker run … vitrine python -m alembic upgrade head    # the migrations, once for each new version
#     docker run … vitrine                                   # the API
#     docker run … vitrine python -m tasks                   # the worker
#
# and one with Node.js and git besides, for those that build and serve sites (docs/running.md says what they need):
#
#     docker build --target sites -t vitrine-sites .
#     docker run … vitrine-sites python -m tasks             # a worker that builds
#     docker run … vitrine-sites                             # the host
#
# It holds what the service needs and nothing that only `make run` and the tests do: PostgreSQL and Redis are servers of
# their own here, so their wheels, which are most of requirements.lock's weight, stay out. compose.yaml runs all of it.
#
# GRAPHIQL=cdn builds without npm; GraphiQL then loads its files from a CDN, by their hashes.
ARG GRAPHIQL=npm
ARG PYTHON=3.11
ARG NODE=22

# ------------------------------------------------------------------------------------------------------- dependencies
FROM python:${PYTHON}-slim AS dependencies
WORKDIR /build
COPY requirements.in requirements.lock ./

# The part of the lock that the first section of requirements.in needs, each file's hash included.
RUN python - <<'SCRIPT' > service.lock
import re
from pathlib import Path


def name(text):
    return re.match("[A-Za-z0-9-]*", text).group().lower()


service = Path("requirements.in").read_text().partition("# The service\n")[2].partition("\n#")[0]
wanted = {name(line) for line in service.split()}
blocks = {name(block): block for block in re.split(r"\n(?=[a-z])", Path("requirements.lock").read_text().strip())}
parents = {each: set(re.findall(r"^ +# +(?:via )?([a-z0-9-]+)$", block, re.M)) for each, block in blocks.items()}
while more := {each for each in blocks if each not in wanted and parents[each] & wanted}:
    wanted |= more
print("\n".join(blocks[each] for each in sorted(wanted)))
SCRIPT

RUN python -m venv /opt/vitrine \
    && /opt/vitrine/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r service.lock

# ---------------------------------------------------------------------------------------------------- GraphiQL's files
FROM scratch AS graphiql-cdn
WORKDIR /node_modules

FROM node:${NODE}-slim AS graphiql-npm
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
# The files that routes/graphiql/assets.py pins, and no others. One that is missing ends the build.
RUN mkdir /node_modules \
    && cd node_modules \
    && cp --parents -t /node_modules \
        graphiql/graphiql.min.css \
        graphiql/graphiql.min.js \
        graphql-ws-umd/umd/graphql-ws.min.js \
        react/umd/react.production.min.js \
        react-dom/umd/react-dom.production.min.js

FROM graphiql-${GRAPHIQL} AS graphiql

# --------------------------------------------------------------------------------------------------------- the service
FROM python:${PYTHON}-slim AS service
RUN groupadd --gid 10001 vitrine \
    && useradd --uid 10001 --gid vitrine --no-create-home --home-dir /app --shell /usr/sbin/nologin vitrine \
    && install -d -o vitrine -g vitrine -m 700 /data

WORKDIR /app
COPY --from=dependencies /opt/vitrine /opt/vitrine
COPY --from=graphiql /node_modules node_modules
COPY alembic.ini server.py LICENSE ./
COPY core core
COPY integrations integrations
COPY migrations migrations
COPY models models
COPY resolvers resolvers
COPY routes routes
COPY schema schema
COPY tasks tasks
RUN /opt/vitrine/bin/python -m compileall -q .

ENV PATH=/opt/vitrine/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ENVIRONMENT=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data

USER 10001:10001
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "server"]

# ------------------------------------------------------------------------------------- building and serving sites
FROM node:${NODE}-slim AS node

FROM service AS sites
# As root each build and each site runs under a user of its own.
USER root
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/*
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && install -d -m 711 /builds
COPY themes themes
ENV BUILDS_DIR=/builds \
    THEMES_DIR=/app/themes
VOLUME /builds
CMD ["python", "-m", "tasks.host"]

# What is built where no target is named.
FROM service
