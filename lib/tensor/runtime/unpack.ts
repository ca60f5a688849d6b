import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';

/**
 * Unpacks the files of a zip whose names `wanted` accepts; returns how many. yauzl refuses names that lead out of the
 * folder and checks sizes; a damaged archive throws.
 */
export async function unpack(zip: string, folder: string, wanted: (name: string) => boolean): Promise<number> {
  const archive = await openPromise(zip);
  let files = 0;
  try {
    for await (const entry of archive.eachEntry()) {
      if (entry.fileName.endsWith('/') || !wanted(entry.fileName)) continue;
      const target = join(folder, entry.fileName);
      await mkdir(dirname(target), { recursive: true });
      await pipeline(await archive.openReadStreamPromise(entry), createWriteStream(target));
      files++;
    }
  } finally {
    archive.close();
  }
  return files;
}

/** What the engine needs of a TensorFlow wheel (274 MB zipped): two libraries, the C headers, the wheel's own record. */
export function neededOfTensorflow(name: string): boolean {
  return (
    /^tensorflow\/libtensorflow(_cc|_framework)\.(so\.2|2\.dylib)$/.test(name) ||
    /^tensorflow\/include\/(tensorflow\/c\/|xla\/tsl\/c\/|(tensorflow\/core|tsl)\/platform\/ctstring)/.test(name) ||
    /^[^/]+\.dist-info\/METADATA$/.test(name)
  );
}

/** What the engine needs of NVIDIA's wheels: shared libraries, where TensorFlow's own search path looks for them. */
export function neededOfCuda(name: string): boolean {
  return /^nvidia\/.*\/lib\/[^/]+\.so[^/]*$/.test(name) || /^nvidia\/cuda_nvcc\//.test(name);
}
