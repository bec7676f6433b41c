package import Diagnostics
package import GGUF
package import TensorCore

/// A tensor of a GGUF file as float32, its rows in Hugging Face's order.
package struct GGUFSource: TensorSource {
  package let gguf: GGUFFile
  package let tensor: GGUFTensor
  /// The rows of one head, where the file keeps them in pairs; nil for a tensor in plain order.
  package let pairedRows: Int?

  /// A tensor of a file; see the properties.
  package init(gguf: GGUFFile, tensor: GGUFTensor, pairedRows: Int?) {
    self.gguf = gguf
    self.tensor = tensor
    self.pairedRows = pairedRows
  }

  package var spec: TensorSpec { tensor.spec }
  package var file: String { gguf.path }

  /// What is done to the numbers, for the ledger.
  package var how: String {
    let read = tensor.type == .f32 ? "copied" : "dequantised from \(tensor.type)"
    return pairedRows == nil ? read : "\(read), rotary pairs put back into halves"
  }

  package func read(rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(GraftError)
  {
    let floats = buffer.bindMemory(to: Float.self)
    guard let head = pairedRows else {
      try gguf.dequantize(tensor, rows: rows, into: floats)
      gguf.release(tensor, rows: rows)
      return
    }
    if tensor.shape.count == 1 {
      try readBias(into: floats, head: head)
      return
    }
    let width = spec.rowElementCount
    for (place, row) in rows.enumerated() {
      let source = Self.fileRow(of: row, head: head)
      try gguf.dequantize(
        tensor, rows: source..<source + 1,
        into: UnsafeMutableBufferPointer(
          rebasing: floats[place * width..<(place + 1) * width]))
    }
    gguf.release(
      tensor, rows: rows.lowerBound / head * head..<(rows.upperBound + head - 1) / head * head)
  }

  private func readBias(
    into floats: UnsafeMutableBufferPointer<Float>, head: Int
  ) throws(GraftError) {
    var plain = [Float](repeating: 0, count: floats.count)
    var span = plain.mutableSpan
    try span.withUnsafeMutableBufferPointer { (buffer) throws(GraftError) in
      try gguf.dequantize(tensor, rows: 0..<1, into: buffer)
    }
    for row in plain.indices { floats[row] = plain[Self.fileRow(of: row, head: head)] }
  }

  /// Where the file keeps a row: row `half * d/2 + j` of a head stands at `2j + half`.
  package static func fileRow(of row: Int, head: Int) -> Int {
    let (start, place) = (row / head * head, row % head)
    return start + 2 * (place % (head / 2)) + place / (head / 2)
  }
}
