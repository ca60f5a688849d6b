import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** The name of the built file, beside the binding. */
export const quietFile = 'quiet.node';

/**
 * TensorFlow's libraries write two lines to stderr while they are mapped into the process, before any setting of theirs
 * is read (TF_CPP_MIN_LOG_LEVEL=3 does not help in 2.21), and a user would find them in a cell. Node cannot point file
 * descriptor 2 elsewhere for that moment; this can.
 */
export const quietSource = `
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

static int kept = -1;

static napi_value Hush(napi_env env, napi_callback_info info) {
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (kept < 0 && nowhere >= 0) {
    kept = fcntl(2, F_DUPFD_CLOEXEC, 3);
    if (kept >= 0) dup2(nowhere, 2);
  }
  if (nowhere >= 0) close(nowhere);
  return nullptr;
}

static napi_value Restore(napi_env env, napi_callback_info info) {
  if (kept >= 0) {
    dup2(kept, 2);
    close(kept);
    kept = -1;
  }
  return nullptr;
}

NAPI_MODULE_INIT() {
  napi_value hush, restore;
  napi_create_function(env, "hush", NAPI_AUTO_LENGTH, Hush, nullptr, &hush);
  napi_create_function(env, "restore", NAPI_AUTO_LENGTH, Restore, nullptr, &restore);
  napi_set_named_property(env, exports, "hush", hush);
  napi_set_named_property(env, exports, "restore", restore);
  return exports;
}
`;

/** Runs something synchronous with stderr pointing nowhere. Its exceptions come through. */
export function quietly<T>(binding: string, work: () => T): T {
  const stderr = require(join(dirname(binding), quietFile)) as { hush(): void; restore(): void };
  stderr.hush();
  try {
    return work();
  } finally {
    stderr.restore();
  }
}
