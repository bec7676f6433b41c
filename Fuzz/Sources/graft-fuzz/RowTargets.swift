import Datasets

/// A data file; the first byte says of which kind.
func rows(_ bytes: UnsafeRawBufferPointer) {
  guard let first = bytes.first else { return }
  let kinds = ["jsonl", "json", "csv", "txt", "arrow"]
  let path = InputFile.path + "." + kinds[Int(first) % kinds.count]
  _ = InputFile.write(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()), to: path)
  var limit = 20_000
  guard let rows = try? DataRows(path) else { return }
  for row in rows {
    guard let row = try? row.get() else { return }
    limit -= 1
    guard limit > 0, let layout = try? RowLayout(row, file: path) else { return }
    _ = try? layout.convert(row, file: path)
    for formatting in DatasetInfo.Formatting.allCases {
      var info = DatasetInfo(name: "rows", files: [path])
      info.formatting = formatting
      _ = try? RowConverter(info).convert(row, file: path)
    }
  }
}
