import Diagnostics
import FileIO
import Safetensors
import StrictJSON
import TensorCore
import TestSupport
import Testing

/// Broken files beside the project, with the verdict of safetensors 0.8.0 on each.
@Suite("Safetensors of the zoo", .enabled(if: Shared.isPresent, "needs ../shared"))
struct SafetensorsZooTests {
  static let refused: [(String, GraftError.Code)] = [
    ("bad_st_7bytes", .truncatedFile), ("bad_st_empty", .truncatedFile),
    ("bad_st_dtype_unknown", .unknownDType), ("bad_st_header_array", .safetensorsHeader),
    ("bad_st_header_len_100MB", .safetensorsHeader),
    ("bad_st_header_len_huge", .safetensorsHeader),
    ("bad_st_header_not_json", .safetensorsHeader),
    ("bad_st_metadata_nonstring", .safetensorsHeader),
    ("bad_st_nonutf8_name", .safetensorsHeader), ("bad_st_unicode_name", .safetensorsHeader),
    ("bad_st_offset_past_end", .safetensorsLayout),
    ("bad_st_offset_reversed", .safetensorsHeader), ("bad_st_overlap", .safetensorsLayout),
    ("bad_st_shape_bytes_mismatch", .safetensorsLayout),
    ("bad_st_shape_negative", .safetensorsHeader), ("bad_st_truncated_data", .truncatedFile),
    ("bad_st_truncated_header", .truncatedFile), ("bad_html_page", .foreignFile),
    // The reference keeps the last of two entries; see SafetensorsFile.
    ("bad_st_duplicate_key_same", .duplicateKey),
  ]

  @Test("Broken files are refused", arguments: refused)
  func refuses(_ name: String, _ code: GraftError.Code) throws {
    let path = Shared.zoo(name) + "/adapter_model.safetensors"
    let error = try #require(throws: GraftError.self) { try SafetensorsFile(path) }
    #expect(error.code == code, "\(error)")
  }

  @Test(
    "Legal oddities are accepted",
    arguments: [("ok_st_zero_size", 3), ("bad_empty_adapter_40bytes", 0), ("bad_values_nan", 28)])
  func accepts(_ name: String, _ count: Int) throws {
    let file = try SafetensorsFile(Shared.zoo(name) + "/adapter_model.safetensors")
    #expect(file.tensors.count == count)
  }

  @Test("Every other safetensors file of the zoo opens, and survives being written again")
  func rewritesAll() throws {
    let directory = try TemporaryDirectory()
    let cases = splitPath(Shared.zoo("x")).parent
    var opened = 0
    for name in try directoryEntries(cases) where !name.hasPrefix("bad_") {
      for entry in try directoryEntries("\(cases)/\(name)") where entry.hasSuffix(".safetensors") {
        let file = try SafetensorsFile("\(cases)/\(name)/\(entry)")
        let copy = directory.file("\(opened).safetensors")
        let writer = try SafetensorsWriter(copy, tensors: file.tensors, metadata: file.metadata)
        for spec in file.tensors {
          try file.withBytes(of: spec.name) { (bytes) throws(GraftError) in
            try writer.append(bytes)
          }
        }
        _ = try writer.close()
        let again = try SafetensorsFile(copy)
        #expect(again.tensors == file.tensors)
        #expect(again.metadata == file.metadata)
        for spec in file.tensors {
          let bytes = try file.withBytes(of: spec.name) { Array($0) }
          #expect(try again.withBytes(of: spec.name) { Array($0) } == bytes, "\(spec)")
        }
        opened += 1
      }
    }
    #expect(opened > 50)
  }
}
