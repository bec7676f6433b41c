import Glibc

/// A local date and time, for templates that mention today.
public struct TemplateDate: Sendable, Equatable {
  /// The year, as in 2026.
  public var year: Int
  /// The month, from 1.
  public var month: Int
  /// The day of the month, from 1.
  public var day: Int
  /// The hour, from 0 to 23.
  public var hour: Int
  /// The minute.
  public var minute: Int
  /// The second.
  public var second: Int

  /// Creates a date.
  public init(
    year: Int, month: Int, day: Int, hour: Int = 12, minute: Int = 0, second: Int = 0
  ) {
    self.year = year
    self.month = min(max(month, 1), 12)
    self.day = min(max(day, 1), 31)
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// This machine's date and time.
  public static var current: TemplateDate {
    var seconds = time(nil)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return TemplateDate(
      year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
      hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec))
  }
}

extension TemplateDate {
  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  private static let weekdays = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]

  /// The day of the year, from 1.
  private var dayOfYear: Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return lengths.prefix(month - 1).reduce(day, +)
  }

  /// The day of the week, from 0 for Sunday.
  private var weekday: Int {
    // Zeller's rule, with January and February at the end of the year before.
    let y = month < 3 ? year - 1 : year
    let m = month < 3 ? month + 12 : month
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (153 * (m - 3) + 2) / 5 + day
    return (days + 2) % 7
  }

  /// The text of a `strftime` format, in the C locale.
  func formatted(_ format: String) -> String {
    var out = ""
    var scalars = format.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      guard scalar == "%", var directive = scalars.next() else {
        out.unicodeScalars.append(scalar)
        continue
      }
      let isBare = directive == "-"
      if isBare, let next = scalars.next() { directive = next }
      func padded(_ number: Int, _ width: Int, _ fill: String = "0") -> String {
        let digits = String(number)
        if isBare { return digits }
        return String(repeating: fill, count: max(0, width - digits.count)) + digits
      }
      switch directive {
      case "Y": out += String(year)
      case "y": out += padded(year % 100, 2)
      case "m": out += padded(month, 2)
      case "d": out += padded(day, 2)
      case "e": out += padded(day, 2, " ")
      case "H": out += padded(hour, 2)
      case "I": out += padded((hour + 11) % 12 + 1, 2)
      case "M": out += padded(minute, 2)
      case "S": out += padded(second, 2)
      case "f": out += "000000"
      case "j": out += padded(dayOfYear, 3)
      case "p": out += hour < 12 ? "AM" : "PM"
      case "B": out += Self.months[month - 1]
      case "b", "h": out += Self.months[month - 1].prefix(3)
      case "A": out += Self.weekdays[weekday]
      case "a": out += Self.weekdays[weekday].prefix(3)
      case "w": out += String(weekday)
      case "u": out += String(weekday == 0 ? 7 : weekday)
      case "F": out += formatted("%Y-%m-%d")
      case "T", "X": out += formatted("%H:%M:%S")
      case "R": out += formatted("%H:%M")
      case "D", "x": out += formatted("%m/%d/%y")
      case "c": out += formatted("%a %b %e %H:%M:%S %Y")
      case "n": out += "\n"
      case "t": out += "\t"
      case "%": out += "%"
      case "C": out += padded(year / 100, 2)
      case "k": out += padded(hour, 2, " ")
      case "l": out += padded((hour + 11) % 12 + 1, 2, " ")
      case "P": out += hour < 12 ? "am" : "pm"
      case "r": out += formatted("%I:%M:%S %p")
      case "U": out += padded((dayOfYear + 6 - weekday) / 7, 2)
      case "W": out += padded((dayOfYear + 6 - (weekday + 6) % 7) / 7, 2)
      case "Z", "z": break
      default:
        out += "%"
        out.unicodeScalars.append(directive)
      }
    }
    return out
  }
}
