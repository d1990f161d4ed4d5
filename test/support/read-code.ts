import type { Locator } from 'playwright-core'
import { decodeQR } from 'qr/decode.js'

const SIZE = 256

/** What a scanner at a desk reads from the QR code of an image on the page. */
export async function readCode(shown: Locator): Promise<string> {
  const source = await shown.getAttribute('src')
  // As text: the types of the rest are those of Node, which knows no pages.
  const pixels = await shown.page().evaluate<number[]>(`(async () => {
    const image = new Image()
    image.src = ${JSON.stringify(source)}
    await image.decode()
    const canvas = new OffscreenCanvas(${SIZE}, ${SIZE}).getContext('2d')
    canvas.fillStyle = 'white'
    canvas.fillRect(0, 0, ${SIZE}, ${SIZE})
    canvas.drawImage(image, 0, 0, ${SIZE}, ${SIZE})
    return [...canvas.getImageData(0, 0, ${SIZE}, ${SIZE}).data]
  })()`)
  return decodeQR({ width: SIZE, height: SIZE, data: Uint8Array.from(pixels) })
}
