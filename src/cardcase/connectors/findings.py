"""Everything that can be wrong with a file, said once: code, what happened, and the way out, in both languages.

A finding never quotes what stood in the file: it may have been a card code. File, row and column are enough to find it.
"""

from typing import Final

from cardcase.kit.errors import NOTHING, Finding
from cardcase.kit.text import Text

_SAVE_AS_TEXT: Final = Text(
    "在平台重新导出，或把订单号列设为“文本”后重新粘贴完整的 19 位号码，再导入",
    "Export again, or set the order-number column to Text, paste the full 19-digit number, and import again",
)
_SAVE_AS_XLSX: Final = Text(
    "用表格软件另存为 .xlsx 或 CSV UTF-8 后再导入", "Save it as .xlsx or CSV UTF-8 and import that"
)
_FIX_CELL: Final = Text(
    "改正这一格后重新导入；其他行已照常读取", "Correct this cell and import again; other rows were read"
)
_FIX_ROW: Final = Text(
    "改正这一行后重新导入；其他行已照常读取", "Correct this row and import again; other rows were read"
)
_SPLIT: Final = Text("把文件拆小后分次导入", "Split the file and import the parts")
_SAY_KIND: Final = Text(
    "用 cardcase import orders|refunds|chat|cards|deliveries 说明这是什么文件",
    "Say what it is: cardcase import orders|refunds|chat|cards|deliveries",
)
_SAY_ENCODING: Final = Text(
    "加上 --encoding gb18030、big5、utf-8 或 utf-16 再导入一次，先用预览核对",
    "Import again with --encoding gb18030, big5, utf-8 or utf-16, and look at the preview first",
)

WORDS: Final[dict[str, tuple[Text, Text]]] = {
    # whole files
    "empty_file": (
        Text("文件是空的", "The file is empty"),
        Text("换一个有内容的文件", "Choose a file with content"),
    ),
    "file_too_large": (
        Text("文件超过 32 MiB，没有读取", "The file is larger than 32 MiB and was not read"),
        _SPLIT,
    ),
    "too_many_rows": (
        Text("行数超过上限 {limit}，整个文件没有读取", "More than {limit} rows: nothing of the file was read"),
        _SPLIT,
    ),
    "encoding_unclear": (
        Text(
            "无法确定文字编码，为避免读成乱码没有读取",
            "The text encoding is unclear; nothing was read, to avoid garbage",
        ),
        _SAY_ENCODING,
    ),
    "encoding_wrong": (
        Text("按所给的编码 {encoding} 读不通", "The file cannot be read as {encoding}"),
        _SAY_ENCODING,
    ),
    "encoding_unknown": (
        Text("不认识这个编码名", "There is no such encoding"),
        _SAY_ENCODING,
    ),
    "kind_unclear": (
        Text("看内容认不出这是什么文件", "The content does not tell what this file is"),
        _SAY_KIND,
    ),
    "kind_mismatch": (
        Text("文件里没有所说的那种内容", "The file does not hold what it was said to hold"),
        Text("去掉种类让程序自己识别，或换文件", "Leave the kind out, or choose another file"),
    ),
    "binary_unknown": (
        Text(
            "这是图片、压缩包或其他二进制文件，这里读不了",
            "A picture, archive or other binary file cannot be read here",
        ),
        Text("导入文字、表格、JSON 或聊天数据库文件", "Import text, tables, JSON or a chat database"),
    ),
    "xls_old": (
        Text("老式 .xls 文件没有读取", "Old .xls files are not read"),
        _SAVE_AS_XLSX,
    ),
    "workbook_unsafe": (
        Text("表格文件解压后过大或结构可疑，没有打开", "The workbook unpacks too large or looks unsafe; not opened"),
        _SAVE_AS_XLSX,
    ),
    "workbook_broken": (
        Text("表格文件损坏或加了密码", "The workbook is damaged or has a password"),
        _SAVE_AS_XLSX,
    ),
    "database_broken": (
        Text("聊天数据库损坏，读不完", "The chat database is damaged and could not be read through"),
        Text("从正在用的电脑上重新拷贝一份", "Copy it again from the machine that uses it"),
    ),
    "database_unknown": (
        Text("数据库里没有认识的聊天表", "The database has no chat table that is known here"),
        Text("导入 XianyuAutoAgent 的 data/chat_history.db", "Import XianyuAutoAgent's data/chat_history.db"),
    ),
    "json_broken": (
        Text("JSON 不完整或有错", "The JSON is incomplete or broken"),
        Text("重新保存完整的内容后再导入", "Save the whole content again and import it"),
    ),
    "json_too_deep": (
        Text("JSON 嵌套过深，没有读取", "The JSON is nested too deeply and was not read"),
        Text("导入平台原样给出的文件", "Import the file as the platform gave it"),
    ),
    "channel_error": (
        Text("这里保存的是平台的报错，不是数据", "This is an error answer of the platform, not data"),
        Text("重新获取后再导入", "Fetch it again and import that"),
    ),
    "header_missing": (
        Text("表里找不到带订单号的表头", "No header row with an order number was found"),
        Text(
            "保留平台导出的表头行，至少要有“订单号”", "Keep the exported header row; an order-number column is needed"
        ),
    ),
    "duplicate_header": (
        Text("有两列表头意思相同，只用第一列", "Two columns have the same meaning; only the first is used"),
        Text("删去多余的一列", "Delete the spare column"),
    ),
    "reader_failed": (
        Text("读取时程序出错，文件没有导入", "The program failed while reading; nothing was imported"),
        Text("请把文件样式（去掉卡密）报给开发者", "Please report the file's form, without codes, to the developers"),
    ),
    # rows
    "bad_bytes": (
        Text("这一行有不属于该编码的字节", "This row holds bytes that do not belong to the encoding"),
        _FIX_ROW,
    ),
    "control_character": (
        Text("这一行有不可见的控制字符", "This row holds invisible control characters"),
        Text("删去控制字符后重新导入", "Remove the control characters and import again"),
    ),
    "bare_cr": (
        Text("行中间有孤立的回车符", "A lone carriage return stands inside the row"),
        _FIX_ROW,
    ),
    "row_ragged": (
        Text("这一行有 {cells} 格，表头有 {headers} 格，对不上", "The row has {cells} cells, the header {headers}"),
        Text(
            "多半是内容里有分隔符没加引号；改正后重新导入",
            "A separator is probably unquoted; correct it and import again",
        ),
    ),
    "unclosed_quote": (
        Text("引号没有闭合，这一行没有读取", "A quote is never closed; this row was not read"),
        _FIX_ROW,
    ),
    "stray_quote": (
        Text("引号后面还有文字，无法确定这一格的内容", "Text follows a closing quote; the cell is unclear"),
        _FIX_ROW,
    ),
    "field_too_long": (
        Text("有一格超过 131072 个字", "A cell is longer than 131072 characters"),
        _FIX_ROW,
    ),
    "too_many_columns": (
        Text("这一行的列数过多", "The row has too many columns"),
        _FIX_ROW,
    ),
    "shape_unknown": (
        Text("这一条的结构不认识", "The shape of this record is not known"),
        Text("导入平台原样给出的内容", "Import it as the platform gave it"),
    ),
    "order_no_missing": (
        Text("没有订单号", "There is no order number"),
        Text(
            "补上订单号（可写在文件名里）后重新导入",
            "Add the order number (the file name may hold it) and import again",
        ),
    ),
    "order_no_mangled": (
        Text(
            "订单号被表格软件改坏了（变成科学计数或丢了后几位），无法恢复",
            "A spreadsheet damaged the order number (scientific notation or lost digits); it cannot be restored",
        ),
        _SAVE_AS_TEXT,
    ),
    "order_no_unreadable": (
        Text("订单号不是号码", "The order number is not a number"),
        _FIX_CELL,
    ),
    "amount_unreadable": (
        Text("金额读不懂", "The amount cannot be read"),
        Text("写成 193.00 这样的元金额后重新导入", "Write it as yuan, like 193.00, and import again"),
    ),
    "amount_not_exact": (
        Text("金额小数超过两位", "The amount has more than two decimals"),
        _FIX_CELL,
    ),
    "amount_negative": (
        Text("金额是负数", "The amount is negative"),
        _FIX_CELL,
    ),
    "quantity_unreadable": (
        Text("数量读不懂", "The quantity cannot be read"),
        _FIX_CELL,
    ),
    "time_unreadable": (
        Text("时间读不懂", "The time cannot be read"),
        Text("写成 2026-11-22 09:48 后重新导入", "Write it as 2026-11-22 09:48 and import again"),
    ),
    "time_ambiguous": (
        Text("分不清是几月几日", "Day and month cannot be told apart"),
        Text("写成 2026-11-22 这样年在前的日期", "Write the date year first, like 2026-11-22"),
    ),
    "time_out_of_range": (
        Text("时间不在 2000–2100 年之间", "The time is not between 2000 and 2100"),
        _FIX_CELL,
    ),
    "json_line_broken": (
        Text("这一行不是完整的 JSON", "This line is not complete JSON"),
        _FIX_ROW,
    ),
    "push_encrypted": (
        Text("这一条推送没有解密", "This push was not decrypted"),
        Text("导出解密后的消息", "Export the decrypted messages"),
    ),
    "message_empty": (
        Text("这一条没有内容也没有事件", "This record has neither words nor an event"),
        NOTHING,
    ),
    "message_too_long": (
        Text("这一条消息过长，不像聊天", "This message is too long to be one"),
        _FIX_ROW,
    ),
    "card_line_unreadable": (
        Text("这一行不像卡密", "This line does not look like a card"),
        Text(
            "每行一张：卡密，或 卡号:密码、卡号----密码；说明文字请以 # 开头",
            "One card a line: code, number:code or number----code; start remarks with #",
        ),
    ),
    "card_code_missing": (
        Text("这一行没有卡密", "This row has no card code"),
        _FIX_ROW,
    ),
    "card_code_odd": (
        Text("卡密过短、过长或含有中文", "The code is too short, too long or holds Chinese"),
        _FIX_ROW,
    ),
    "card_code_mangled": (
        Text(
            "卡号或卡密被表格软件改成了数字，位数已丢失",
            "A spreadsheet turned the card number or code into a number and lost digits",
        ),
        Text(
            "把该列设为“文本”，重新粘贴原号码后再导入", "Set the column to Text, paste the original again, and import"
        ),
    ),
    "card_twice": (
        Text("和第 {of_row} 行是同一张卡", "The same card as in row {of_row}"),
        Text(
            "删去重复的一行；核对供货方是否重复发卡", "Delete one of them; ask the supplier whether it was sent twice"
        ),
    ),
    "card_in_stock": (
        Text("卡库里已经有这张卡", "The stock holds this card already"),
        Text(
            "删去这一行；已售出的卡再次来货，请找供货方核实", "Delete the row; ask the supplier when it was sold before"
        ),
    ),
    # notes
    "field_unreadable": (
        Text(
            "这一项读不懂，按“未告知”处理，原文已保留",
            "This field cannot be read; it counts as not told, the raw is kept",
        ),
        NOTHING,
    ),
    "columns_ignored": (
        Text("有 {count} 列不认识，没有使用", "{count} columns are not known and were not used"),
        NOTHING,
    ),
    "sheet_ignored": (
        Text("有工作表被隐藏或没有认识的表头，没有读取", "A sheet is hidden or has no known header, and was not read"),
        NOTHING,
    ),
    "speaker_unclear": (
        Text("分不清哪一方是卖家", "It is not clear which side is the seller"),
        Text(
            "在设置里写上店铺昵称，或把卖家的名字改成“我”再粘贴",
            "Enter the shop's nickname in Settings, or write 我 for the seller and paste again",
        ),
    ),
    "speaker_inferred": (
        Text(
            "按称呼和系统消息推断了谁是卖家，请核对",
            "Who is the seller was worked out from forms of address; please check",
        ),
        Text("在设置里写上店铺昵称", "Enter the shop's nickname in Settings"),
    ),
    "time_incomplete": (
        Text("聊天里的时间没有日期，先不排时间", "The chat gives times without dates; they are left open"),
        Text("连日期一起复制", "Copy the dates as well"),
    ),
    "preamble_ignored": (
        Text("第一位说话人之前的文字没有当作聊天内容", "Text before the first speaker was not taken as chat"),
        NOTHING,
    ),
    "amount_unit_fen": (
        Text(
            "金额按平台接口的“分”读取，请核对",
            "Amounts were read in 分, as the platform's interface writes them; please check",
        ),
        NOTHING,
    ),
    "card_repeated": (
        Text("同一张卡在文件里出现了不止一次", "The same card stands in the file more than once"),
        Text("核对供货方是否重复发卡", "Check whether the supplier sent a card twice"),
    ),
    "remarks_skipped": (
        Text("以 # 开头的说明行没有当作卡密", "Lines that start with # were taken as remarks, not cards"),
        NOTHING,
    ),
}
"""Message and way out by code. A new finding is a new line here."""


def finding(
    code: str, *, file: str = "", row: int | None = None, column: str | None = None, **facts: object
) -> Finding:
    """Make a finding from its code. ``facts`` fill the blanks of the sentence and are never text out of the file."""
    message, way_out = WORDS[code]
    return Finding(code, message.format(**facts) if facts else message, way_out, file, row, column)
