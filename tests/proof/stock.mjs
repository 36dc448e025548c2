// Uploads a file with tus-js-client, unchanged: node stock.mjs ENDPOINT FILE TOKEN CHUNK
//
// CHUNK: bytes of a request, 0 for all of them in one. Prints what happens as lines of JSON: {"offset"} that the server
// told after a break, {"accepted"} bytes, at the end {"url"}.

import { createReadStream } from "node:fs";
import tus from "tus-js-client";

const [endpoint, file, token, chunk] = process.argv.slice(2);

function say(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

const upload = new tus.Upload(createReadStream(file), {
  endpoint,
  chunkSize: Number(chunk) || Infinity,
  retryDelays: Array.from({ length: 40 }, (_, number) => Math.min(50 * (number + 1), 500)),
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: "katta.bin", filetype: "application/octet-stream" },
  onAfterResponse: (request, response) => {
    if (request.getMethod() === "HEAD") {
      say({ offset: Number(response.getHeader("Upload-Offset")) });
    }
  },
  onChunkComplete: (_, accepted) => say({ accepted }),
  onError: (error) => {
    say({ error: String(error) });
    process.exit(1);
  },
  onSuccess: () => say({ url: upload.url }),
});
upload.start();
