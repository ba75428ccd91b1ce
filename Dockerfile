# One image for all programs: `docker run IMAGE serving-master …`, `serving-worker …`, `serving-client …`.
# It needs neither BuildKit nor a public registry: any image with glibc, Node >= 20.19 and npm can be the base.
ARG BASE_IMAGE=node:22-bookworm-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /build
# What decides which packages are installed comes first: a change in a source file then installs nothing anew.
COPY package.json package-lock.json .npmrc ./
COPY packages/common/package.json packages/common/
COPY packages/master/package.json packages/master/
COPY packages/worker/package.json packages/worker/
COPY packages/client/package.json packages/client/
RUN npm ci --no-audit --no-fund
COPY tsconfig.base.json ./
COPY packages packages
RUN npm run build && npm prune --omit=dev --no-audit --no-fund
COPY LICENSE /out/app/
COPY examples/add/add /out/models/add
COPY examples/add/add-batch /out/models/add-batch
# Of each package only what runs; of onnxruntime only the libraries of the platform that is built for (each of the others
# is as large). A clone may have files that only its owner can read, and the server is another user.
RUN for package in packages/*; do \
      mkdir -p "/out/app/${package}" \
      && find "${package}" -maxdepth 1 '(' -name package.json -o -name dist -o -name bin ')' -exec cp -r {} "/out/app/${package}/" ';' \
      || exit 1; \
    done \
 && cp -r node_modules /out/app/ \
 && cd /out/app \
 && platform="linux/$(node -p process.arch)" \
 && find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 ! -path "*/${platform}" -exec rm -r {} + \
 && ls node_modules/onnxruntime-node/bin/napi-v*/"${platform}"/onnxruntime_binding.node \
 && find packages -name '*.tsbuildinfo' -delete \
 && find node_modules -type d -empty -delete \
 && chmod -R a+rX /out

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="Serving" \
      org.opencontainers.image.description="A distributed model server for ONNX models that speaks MindSpore Serving's protocol" \
      org.opencontainers.image.licenses="Apache-2.0"
# The allocator keeps what it was given: with its own thresholds a process that loads and releases models grows to
# many times what they hold.
ENV NODE_ENV=production \
    MALLOC_MMAP_THRESHOLD_=100000 \
    MALLOC_TRIM_THRESHOLD_=100000
RUN groupadd --gid 10001 serving \
 && useradd --uid 10001 --gid serving --home-dir /models --no-create-home --shell /usr/sbin/nologin serving \
 && for name in master worker client; do \
      ln -s "/app/packages/${name}/bin/serving-${name}.js" "/usr/local/bin/serving-${name}"; \
    done
COPY --from=build /out /
# The programs look for servables in the folder they are started in.
WORKDIR /models
# As numbers, so that an orchestrator can see that this is not root.
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["serving-master", "--help"]
