"""Chats that the tests draw: written for them, with what chats have: times, cards, pictures, quotes, long and short."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """One thing in the chat: ``who`` is own, peer or platform; ``kind`` text, picture, card, tip or time."""

    who: str
    text: str
    kind: str = "text"
    quote: str = ""


FIRST = [
    Said("platform", "2026-11-20 19:58", "time"),
    Said("peer", "老板 京东E卡500的还有吗"),
    Said("own", "有的，自动发货，拍下付款后卡密直接发到聊天里"),
    Said("platform", "我已拍下，待付款\n订单编号 3310145690545023994", "card"),
    Said("platform", "[我已付款，等待你发货]", "tip"),
    Said("own", "已发货，尾号 8KQ2，面值500元，请尽快绑定，不要外传卡密哦"),
    Said("peer", "收到"),
    Said("platform", "2026-11-20 20:12", "time"),
    Said("peer", "绑定的时候提示卡密已被使用，我都还没用过呢，这是怎么回事，你给我看看"),
    Said("peer", "", "picture"),
    Said(
        "own",
        "您把提示的完整截图发我，京东App-我的-京东E卡-已绑定里面也截一张",
        quote="小鹿不吃草：绑定的时候提示卡密已被使用",
    ),
    Said("peer", "好"),
    Said("platform", "昨天 09:03", "time"),
    Said("peer", "你到底处理不处理？不处理我就申请平台介入了！！"),
    Said("peer", "在吗"),
    Said("own", "在的，正在向货源方核实，今天18:00前给您答复"),
    Said("peer", "在吗"),
    Said("platform", "[我发起了退款申请]", "tip"),
    Said("platform", "我发起了退款申请\n退款金额 ¥500.00 退款原因：卡密无效 等待你处理，请确认操作", "card"),
    Said("own", "", "picture"),
    Said("own", "这是发货前查验余额的记录，500.00元，未绑定状态，您看下截图里的时间"),
    Said("peer", "Apple ID是美区的，你发的是不是国区的卡啊？我在US区兑换的，提示This code is invalid"),
]

SECOND = [
    Said("platform", "星期三 22:41", "time"),
    Said("peer", "steam充值卡100美金的 多少钱 能便宜点不"),
    Said("own", "698包邮不议价～"),
    Said("peer", "行吧拍了"),
    Said("platform", "我已付款，等待你发货", "tip"),
    Said("own", "卡密已发送，请注意查收，有问题随时联系"),
    Said("platform", "23:05", "time"),
    Said("peer", "买错了，我要的是港区的，能换吗"),
    Said("own", "亲，卡密已经发出去了，没有使用的话可以帮您联系货源方换一张，差价需要您补一下，麻烦先别打开"),
    Said("peer", "没刮开，没用"),
    Said("peer", "行", quote="卡密已经发出去了，没有使用的话可以帮您联系货源方换一张"),
    Said("platform", "11月26日 10:20", "time"),
    Said("own", "货源方同意换，新卡30分钟内发您"),
    Said("peer", "OK 谢谢老板"),
    Said("peer", "", "picture"),
    Said("peer", "到账了"),
]

THIRD = [
    Said("platform", "11-24 14:03", "time"),
    Said("peer", "你好"),
    Said("own", "你好，在的"),
    Said("peer", "我付款了"),
    Said("platform", "我已付款，等待你发货\n请包装好商品，并按我在闲鱼上提供的地址发货", "card"),
    Said("own", "亲，卡已发，充值前请核对地区"),
    Said("peer", "充值失败", "picture"),
    Said("peer", "提示 卡号或密码错误，请核对后重新输入（错误码：E1042）", "picture"),
    Said("peer", "你这卡是假的吧"),
    Said("peer", "1"),
    Said(
        "own", "别急，我查一下，订单3310145690545023994 对应的是尾号7Q4M那张，面值 ¥500，我们发货前验过余额的，有录屏"
    ),
    Said("peer", "嗯"),
    Said("platform", "昨天 21:15", "time"),
    Said("own", "查到了，系统显示11月24日14:10已被绑定到尾号为8816的账户，请确认一下是不是你自己的账户呢？"),
    Said("peer", "不是我"),
    Said("peer", "退钱退钱退钱！！！"),
    Said("platform", "[买家申请退款]", "tip"),
    Said("own", "好的，我这边按流程给你处理，请不要重复提交，24小时内答复", quote="小鹿不吃草：退钱退钱退钱！！！"),
    Said("peer", "行吧"),
    Said("platform", "08:30", "time"),
    Said("own", "换一张新卡给你可以吗"),
    Said("peer", "可以"),
]
