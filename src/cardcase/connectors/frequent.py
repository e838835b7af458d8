"""Characters and words that Chinese trade texts really use, simplified and traditional: the scale of `encoding.weight`.

Source: our own list, made from the header aliases and system texts of data-shapes §6 and from everyday written Chinese.
Order is of no meaning; a character more or less changes no decision on its own.
"""

from typing import Final

_SIMPLIFIED: Final = (
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起"
    "发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因很给名法间斯知世什两次使"
    "身者被高已亲其进此话常与活正感见明问力理尔点文几定本公特做外孩相西果走将月十实向声车全信重三机工物气每并别真打太新比才便夫再书"
    "部水像眼等体却加电主界门利海受听表德少克代员许先口由死安写性马光白或住难望教命花结乐色更拉东神记处让母父应直字场平报友关放至"
    "订单号卡密码账帐退款买卖家商品金额面值店铺昵称付支收货状态元角分类型原因申请说明编时间超成功关闭待已拒绝同意处理交易客服平台充"
    "值兑换激活余额查询过期有效地区品牌成本备注数量标题价格规格聊记录图片视频链接京东星巴克盒马永辉沃尔玛天猫苹果谷歌亚马逊石化油加"
    "错误失败提示绑定登录使用领取礼券购物提货官方网站截图证据假冒骗子投诉举报评价介入谢谢您吗呢吧啊呀哦嗯哈哥姐弟妹老板亲急快慢麻烦"
    "稍候马上核实补偿重发联系厂家供应渠道二手闲置鱼虚拟自动发送确认签收物流快递地址电话手机姓刚才昨晚早今明周末号幸试根帮忙请求拍"
    "换错送朋友不想要了输入显示不足无效存未能还没钱扣除次半小时内外张李王赵陈刘杨黄吴周徐孙朱林何高梁郑罗宋谢唐许韩冯邓曹彭曾"
)
_TRADITIONAL: Final = (
    "個這們來時為國說學對會過後裡還發當沒樣種開總從無現動經長兒問題間愛給兩話與實聲車機氣別書體卻電門聽員許寫馬難東記處讓應場報關"
    "訂單號碼帳退款買賣家商品金額面值店鋪暱稱付支收貨狀態類原因請說編時間逾成功關閉待拒絕處理交易客服臺台灣儲兌換啟用餘查詢過期有效"
    "備註數量標題價格規聯絡圖視頻連結錯誤敗顯示綁登錄領禮券購物證據騙檢舉評謝謝嗎闆親麻煩馬補償廠供應虛擬動傳送確認簽物遞電話機剛試"
    "幫錢扣點數購買賣家週邊張劉陳趙楊黃吳孫羅許韓馮鄧"
)
EVERYDAY: Final = frozenset(_SIMPLIFIED + _TRADITIONAL)
"""Characters that count fully when an encoding is judged."""

TRADE_WORDS: Final = (
    *("订单", "卡号", "密码", "卡密", "退款", "买家", "卖家", "金额", "账号", "面值", "状态", "兑换", "有效期", "昵称"),
    *(
        "聊天",
        "发货",
        "訂單",
        "卡號",
        "密碼",
        "買家",
        "賣家",
        "金額",
        "帳號",
        "面額",
        "狀態",
        "兌換",
        "暱稱",
        "發貨",
        "出貨",
    ),
)
"""Words whose presence speaks strongly for a reading."""
